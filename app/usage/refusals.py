"""Why a batch of events is not counted: none of it is, and each bad event is named by its place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from app.api import ApiError

MOST_TOLD = 100


@dataclass(frozen=True)
class Problem:
    """`index` is the event's place in the batch, from 0; `member` what is wrong with it; `code` never changes."""

    index: int
    member: str
    code: str
    detail: str


class Refused(ApiError):
    """Nothing was counted; the answer names the bad events, the first hundred of them."""

    def __init__(self, sentence: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        errors = [
            {"index": one.index, "pointer": f"#/{one.index}/{one.member}", "code": one.code, "detail": one.detail}
            for one in self.problems[:MOST_TOLD]
        ]
        super().__init__(sentence, members={"errors": errors})


class EventsRefused(Refused):
    """Some events cannot be counted."""

    status = 422
    code = "events_refused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(_("Some events cannot be counted, so none was; `errors` names them."), problems)


class EventsConflict(Refused):
    """The id of an event was used before, for something else."""

    status = 409
    code = "event_id_reused"

    def __init__(self, indexes: Iterable[int]) -> None:
        detail = str(_("This id was used before for another event."))
        problems = [Problem(index, "id", self.code, detail) for index in indexes]
        super().__init__(
            _("An id stands for one event, so nothing was counted; `errors` names those used twice."), problems
        )


class TooManyEvents(ApiError):
    status = 413
    code = "too_many_events"

    def __init__(self, most: int) -> None:
        super().__init__(_("At most %(most)s events can be sent at once.", most=most))


class NoEvents(ApiError):
    status = 422
    code = "no_events"

    def __init__(self) -> None:
        super().__init__(_("Send one event, or a list of them."))
