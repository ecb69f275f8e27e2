"""Why a batch of events is not counted: none of it is, and each bad event is named by its place."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask_babel import gettext as _

from app.core.errors import PortalError

MOST_TOLD = 100


@dataclass(frozen=True)
class Problem:
    """`index` is the event's place in the batch, from 0; `code` is stable, `detail` a sentence."""

    index: int
    code: str
    detail: str


class Refused(PortalError):
    """Nothing was counted; `problems` has one entry per bad event, the first hundred of them."""

    def __init__(self, sentence: str, problems: Sequence[Problem]) -> None:
        super().__init__(sentence)
        self.problems = tuple(problems[:MOST_TOLD])

    @property
    def details(self) -> dict[str, Any]:
        """What the JSON API says beside the sentence."""
        return {"problems": [asdict(problem) for problem in self.problems]}


class EventsRefused(Refused):
    """Some events cannot be counted."""

    status = 422
    code = "events_refused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(
            _("Some events cannot be counted, so none was. Correct or drop them and send the rest."), problems
        )


class EventsConflict(Refused):
    """The id of an event was used before, for something else."""

    status = 409
    code = "event_id_reused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(_("An event id was used before with other content, so nothing was counted."), problems)


class TooManyEvents(PortalError):
    status = 413
    code = "too_many_events"

    def __init__(self, most: int) -> None:
        super().__init__(_("At most %(most)s events can be sent at once.", most=most))


class NoEvents(PortalError):
    status = 422
    code = "no_events"

    def __init__(self) -> None:
        super().__init__(_("There is no event in this request."))


def reused(indexes: Iterable[int]) -> list[Problem]:
    """The problems of events whose ids stand for something else."""
    sentence = str(_("This id was used before for another event."))
    return [Problem(index, EventsConflict.code, sentence) for index in indexes]
