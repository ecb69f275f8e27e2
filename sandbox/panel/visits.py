"""The last calls to the API."""

from flask import request

from sandbox.observation import Visit
from sandbox.panel.pages import bp, consistent, page, paged, this_sandbox

OUTCOMES = {"success": range(200, 300), "refused": range(400, 500), "failed": range(500, 600), "no answer": range(1)}


@bp.get("/panel/requests")
@consistent
def visits() -> str:
    """The last calls, newest first, or those to some path or with some outcome."""
    box = this_sandbox()
    path, outcome = request.args.get("path", "").strip(), request.args.get("outcome", "")
    seen = list(box.observation.visits)
    found = [visit for visit in seen if _fits(visit, path, outcome)]
    number, shown, more = paged(found)
    caused: dict[str, list[tuple[str, str]]] = {visit.request_id: [] for visit in shown}
    for event in reversed(box.store.list("event")):
        cause = event["request"]["id"]
        if cause in caused:
            caused[cause].append((event["type"], event["id"]))
    return page(
        "visits",
        visits=shown,
        seen=len(seen),
        found=len(found),
        caused=caused,
        broken=sum(bool(visit.violations) for visit in seen),
        path=path,
        outcome=outcome,
        outcomes=list(OUTCOMES),
        page=number,
        more=more,
    )


def _fits(visit: Visit, path: str, outcome: str) -> bool:
    return path in f"{visit.method} {visit.path}" and (outcome not in OUTCOMES or visit.status in OUTCOMES[outcome])
