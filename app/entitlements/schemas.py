"""What programs ask and are told, as the OpenAPI document shows it."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from app.api import Number, Word


class Question(Schema):
    meter = Word(metadata={"description": "Key of a meter in the catalogue"})
    feature = Word(metadata={"description": "Key of a feature in the catalogue; instead of a meter"})
    estimate = Number(metadata={"description": "How much more of the meter is wanted; 1 if absent", "minimum": 0})

    @validates_schema
    def _one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        if ("meter" in data) == ("feature" in data):
            raise ValidationError("Name a meter or a feature, one of both.")
        if "feature" in data and "estimate" in data:
            raise ValidationError("Only use of a meter can be estimated.", "estimate")


class Answer(Schema):
    allowed = fields.Boolean()
    reason = fields.String(
        metadata={
            "description": "Of a meter: unlimited, within_limit, over_soft_limit, overage, limit_reached, exceeds_remaining, "
            "or budget_reached and exceeds_budget where the organization itself wants to stop; in a trial over_soft_limit "
            "instead of overage, because nothing is sold. Of a feature: included or not_included. restricted while a "
            "payment is overdue, and none, "
            "paused or ended where nothing is in force."
        }
    )
    limit = Number(allow_none=True, metadata={"description": "null is unlimited"})
    used = Number(allow_none=True)
    budget = Number(
        allow_none=True, metadata={"description": "Where the organization itself wants to stop; null is nowhere"}
    )
    remaining = Number(allow_none=True, metadata={"description": "Up to the limit or the budget, whichever is nearer"})
    resets_at = fields.DateTime(allow_none=True, metadata={"description": "null never resets"})
    value = fields.Raw(allow_none=True, metadata={"description": "What the plan says of the feature"})


class AccessSchema(Schema):
    allowed = fields.Boolean()
    until = fields.DateTime(allow_none=True, metadata={"description": "When that ends if nobody does anything"})
    reason = fields.String(metadata={"description": "The portal state"})


class PlanSchema(Schema):
    key = fields.String()
    name = fields.String()


class LimitSchema(Schema):
    limit = Number(allow_none=True, metadata={"description": "null is unlimited"})
    behaviour = fields.String()


class EntitlementsSchema(Schema):
    access = fields.Nested(AccessSchema)
    plan = fields.Nested(PlanSchema, allow_none=True)
    features = fields.Dict(keys=fields.String(), values=fields.Raw())
    limits = fields.Dict(keys=fields.String(), values=fields.Nested(LimitSchema))
