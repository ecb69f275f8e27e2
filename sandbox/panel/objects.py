"""Objects: of every type in a list, one by one, and as the tree of a customer."""

from itertools import islice

from flask import abort, request

from sandbox.panel import words
from sandbox.panel.json_view import as_html
from sandbox.panel.pages import PER_PAGE, address, bp, consistent, link, page, paged, this_sandbox, told
from sandbox.panel.tree import grown
from sandbox.store import Record


@bp.get("/panel/customers")
@consistent
def customers() -> str:
    """Every customer, newest first, or those whose name, address or id contains a text."""
    box, wanted = this_sandbox(), request.args.get("q", "").strip()
    found = [one for one in box.store.list("customer") if _mentions(one, wanted.lower())]
    number, shown, more = paged(found)
    rows = [(one, box.store.of("subscription", "customer", one["id"])) for one in shown]
    return page("customers", rows=rows, count=len(found), wanted=wanted, page=number, more=more)


@bp.get("/panel/customers/<id>")
@consistent
def customer(id: str) -> str:
    """One customer with everything that is theirs."""
    found = this_sandbox().store.get("customer", id)
    if found is None:
        abort(404)
    return page("customer", customer=found, groups=grown(this_sandbox(), found), address=address)


@bp.get("/panel/objects")
@consistent
def things() -> str:
    """How many objects of each type there are."""
    store = this_sandbox().store
    return page("things", counts=[(kind, store.count(kind)) for kind in store.types() if kind != "event"])


@bp.get("/panel/objects/<kind>")
@consistent
def things_of(kind: str) -> str:
    """The objects of one type, newest first."""
    store = this_sandbox().store
    if kind.startswith("_") or kind not in store.types():
        abort(404)
    number, records, more = paged(store.list(kind))
    return page("things_of", kind=kind, count=store.count(kind), page=number, records=records, more=more)


@bp.get("/panel/objects/<kind>/<id>")
@consistent
def thing(kind: str, id: str) -> str:
    """One object as the API shows it, and the events about it."""
    box = this_sandbox()
    record = None if kind.startswith("_") else box.store.get(kind, id)
    if record is None:
        abort(404)
    story = (event for event in box.store.list("event") if event["data"]["object"].get("id") == id)
    shown, events = as_html(box.render(record), link), told(islice(story, PER_PAGE))
    owner = id if kind == "customer" else record.get("customer")
    known = bool(owner and box.store.get("customer", owner))
    brief = words.summary(record)
    return page("thing", kind=kind, id=id, brief=brief, json=shown, events=events, owner=owner if known else None)


def _mentions(customer: Record, text: str) -> bool:
    return any(text in str(customer.get(key) or "").lower() for key in ("id", "name", "email"))
