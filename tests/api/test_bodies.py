"""What a door of the API reads: JSON of a reasonable size and depth; everything else is a problem with a code."""

from collections.abc import Callable

import pytest

from app.api_keys.models import ApiKey
from app.catalog.models import Price
from app.core.extensions import db
from tests.cast import Browser
from tests.programs import Program

CHECK = "/entitlements/check"


@pytest.fixture
def program(ada: Browser, nexus: Callable[..., Price]) -> Program:
    return Program(ada)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"9" * 5000, b'{"estimate": NaN}'],
    ids=["nothing", "half", "lists", "objects", "no-text", "digits", "nan"],
)
@pytest.mark.parametrize("address", [CHECK, "/usage/events"])
def test_what_cannot_be_read_is_refused(program: Program, address: str, body: bytes):
    answer = program.post_raw(address, body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("address", [CHECK, "/usage/events"])
def test_a_body_of_ten_megabytes_is_refused(program: Program, address: str):
    answer = program.post_raw(address, b'{"meter": "' + b"x" * 10_000_000 + b'"}')
    assert (answer.status_code, answer.get_json()["code"]) == (413, "body_too_large")
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_that_is_not_json_is_refused(program: Program, content_type: str):
    answer = program.post_raw(CHECK, b'{"meter": "renders"}', content_type)
    assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("body", [b"null", b"1", b'"renders"', b"[]", b'["renders"]', b"[[[]]]", b"true"])
def test_a_body_that_is_no_object_is_refused(program: Program, body: bytes):
    answer = program.post_raw(CHECK, body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_fields")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#"),
        ({"meter": "renders", "feature": "sso"}, "#"),
        ({"meter": 1}, "#/meter"),
        ({"meter": ""}, "#/meter"),
        ({"meter": "x" * 201}, "#/meter"),
        ({"meter": "a\x00b"}, "#/meter"),
        ({"meter": "\ud800"}, "#/meter"),
        ({"meter": "renders", "estimate": True}, "#/estimate"),
        ({"meter": "renders", "estimate": "many"}, "#/estimate"),
        ({"meter": "renders", "estimate": None}, "#/estimate"),
        ({"meter": "renders", "a/b~c": 1}, "#/a~1b~0c"),
    ],
)
def test_a_wrong_member_is_pointed_at(program: Program, body: dict[str, object], pointer: str):
    answer = program.post(CHECK, body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_fields")
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]


def test_a_refused_body_leaves_nothing_behind(program: Program):
    program.post_raw(CHECK, b"{")
    assert db.session.scalars(db.select(ApiKey)).one().last_used_at is not None
