"""Between a list and its address, and between a press of a button and the page it came from."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.core.pages import safe_next

from .lists import LONGEST_NAME, Page


def around() -> dict[str, str]:
    """The row that the page lies after, or before; nothing for whatever cannot be a name."""
    said = {name: request.args.get(name, "") for name in ("after", "before")}
    return {name: row for name, row in said.items() if row and row.isprintable() and len(row) <= LONGEST_NAME}


def addresses(found: Page, kept: dict[str, str]) -> dict[str, str | None]:
    """`previous` and `next` of a page, with the filters that are `kept`, and `here`, to come back to."""
    return {
        "previous": found.previous and _address(kept | {"before": found.previous}),
        "next": found.next and _address(kept | {"after": found.next}),
        "here": _address(kept | around()),
    }


def _address(query: dict[str, Any]) -> str:
    assert request.endpoint is not None, "a list answers"
    return url_for(request.endpoint, **query)


def answered(back: str, done: int, chosen: int, sentence: str, nothing: str) -> ResponseReturnValue:
    """Back to where the button was pressed: `done` of the `chosen` rows were changed, as the `sentence` says.

    `nothing` is said when there were none: somebody was faster.
    """
    left = chosen - done
    sentence = sentence if done else nothing
    if done and left:
        sentence += " " + ngettext("%(num)s was left as it is.", "%(num)s were left as they are.", left)
    flash(sentence, "success" if done else "info")
    return redirect(safe_next(back, url_for("admin.revenue.index")), 303)


def nothing_chosen(back: str) -> ResponseReturnValue:
    flash(_("Tick at least one row first."), "warning")
    return redirect(safe_next(back, url_for("admin.revenue.index")), 303)
