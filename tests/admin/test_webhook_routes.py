"""The inbox as staff see it: found, read, replayed, given up."""

from collections.abc import Callable

import pytest

from app.audit.models import Entry
from app.core import clock
from app.core.extensions import db
from app.core.transactions import commit
from app.webhooks import keeping
from app.webhooks.models import EventState, InboxEvent
from tests.admin.pressing import at_once, form, press, told, walk
from tests.cast import Browser
from tests.statements import counted

Receive = Callable[..., str]
LIST = "/admin/webhooks"
REPLAY = "/admin/webhooks/replay"
DISCARD = "/admin/webhooks/discard"


def state(event_id: str) -> str:
    db.session.expire_all()
    return str(db.session.scalars(db.select(InboxEvent.state).where(InboxEvent.event_id == event_id)).one())


def entries(action: str) -> list[Entry]:
    return list(db.session.scalars(db.select(Entry).where(Entry.action == action)))


def test_an_empty_inbox_says_so(sam: Browser):
    assert "Stripe has sent nothing yet." in sam.get(LIST).text


def test_what_waits_stands_on_top(sam: Browser, receive: Receive):
    receive(state=EventState.RECEIVED)
    page = sam.get(LIST).text
    assert "the oldest 3 minutes ago" in page


@pytest.mark.parametrize(
    "query",
    ["state=parked", "type=invoice.paid", "about=in_1", "about=evt_0", "customer=cus_1", "customer=analytical"],
)
def test_events_are_found_by_what_is_known_of_them(sam: Browser, ada: Browser, receive: Receive, query: str):
    ada.organization.stripe_customer_id = "cus_1"
    commit()
    receive("in_1", type="invoice.paid", object_type="invoice", customer="cus_1", state=EventState.PARKED)
    receive("sub_2", state=EventState.PROCESSED)
    page = sam.get(f"{LIST}?{query}").text
    assert ("in_1" in page, "sub_2" in page) == (True, False)


@pytest.mark.parametrize(
    "query",
    [
        "state=lost",
        "state=%00",
        "type=" + "x" * 5000,
        "sort=random",
        "before=evt_nobody",
        "after=%00",
        "before=evt_0%00",
        "after=evt_0&before=evt_0",
        "_external=1&_scheme=javascript",
        "about=%ff%fe",
    ],
)
def test_a_filter_that_means_nothing_breaks_nothing(sam: Browser, receive: Receive, query: str):
    receive()
    assert sam.get(f"{LIST}?{query}").status_code == 200


def test_text_that_matches_anything_is_only_text(sam: Browser, ada: Browser, receive: Receive):
    ada.organization.stripe_customer_id = "cus_1"
    commit()
    receive(customer="cus_1")
    assert "No event matches these filters." in sam.get(f"{LIST}?customer=%25").text


@pytest.mark.parametrize("sort", ["newest", "oldest", "type"])
def test_the_pages_of_a_list_show_each_row_once(sam: Browser, receive: Receive, monkeypatch, sort: str):
    monkeypatch.setattr("app.admin.lists.PER_PAGE", 2)
    names = [receive(f"sub_{n}", type=f"test.{n % 2}") for n in range(5)]
    forwards = walk(sam, f"{LIST}?sort={sort}&state=parked", "next")
    assert sorted(name for page in forwards[0] for name in page) == sorted(names)
    backwards = walk(sam, forwards[1], "prev")
    assert backwards[0][::-1] == forwards[0]


@pytest.mark.parametrize("rows", [1, 40])
def test_a_list_asks_little_however_long_it_is(sam: Browser, receive: Receive, rows: int):
    names = [receive(f"sub_{n}") for n in range(rows)]
    with counted() as statements:
        assert sam.get(f"{LIST}?state=parked&after={names[-1]}").status_code == 200
    assert len(statements) <= 6


def test_an_event_is_shown_with_its_history(sam: Browser, receive: Receive):
    name = receive(attempts=10, last_error="ValueError: no such plan")
    press(sam, REPLAY, name)
    page = sam.get(f"{LIST}/{name}").text
    assert "Sent round again" in page
    assert sam.user.public_id in page


def test_the_error_of_an_event_names_no_mail_address(sam: Browser, receive: Receive):
    name = receive(last_error="Refused: no such mailbox <ada@example.com>")
    for address in (LIST, f"{LIST}/{name}"):
        page = sam.get(address).text
        assert "no such mailbox" in page
        assert "ada@example.com" not in page


@pytest.mark.parametrize("name", ["evt_nobody", "evt_%00", "a" * 3000, "%ff"])
def test_an_event_nobody_has_is_not_found(sam: Browser, name: str):
    assert sam.get(f"{LIST}/{name}").status_code == 404


@pytest.mark.parametrize("settled", keeping.SETTLED)
def test_a_settled_event_can_be_replayed(sam: Browser, receive: Receive, settled: EventState):
    name = receive(state=settled)
    assert "1 event was sent round again." in told(sam, press(sam, REPLAY, name))
    assert state(name) == EventState.RECEIVED


def test_a_replay_says_whose_it_was(sam: Browser, receive: Receive):
    name = receive()
    press(sam, REPLAY, name)
    (entry,) = entries("event.retried")
    assert (entry.subject, entry.actor, entry.user_id) == (name, sam.user.public_id, sam.user.id)


def test_a_press_that_arrives_twice_counts_once_and_answers_alike(sam: Browser, receive: Receive):
    name, token = receive(), "t" * 22
    first = told(sam, press(sam, REPLAY, name, token=token))
    db.session.execute(db.update(InboxEvent).values(state=EventState.PROCESSED, processed_at=clock.wall()))
    commit()
    again = told(sam, press(sam, REPLAY, name, token=token))
    for page in (first, again):
        assert "1 event was sent round again." in page
    assert state(name) == EventState.PROCESSED
    assert len(entries("event.retried")) == 1


def test_the_same_page_may_do_another_deed(sam: Browser, receive: Receive):
    one, other, token = receive("sub_1"), receive("sub_2"), "t" * 22
    press(sam, REPLAY, one, token=token)
    press(sam, REPLAY, other, token=token)
    assert {state(one), state(other)} == {EventState.RECEIVED}


def test_two_who_press_at_once_send_it_round_once(sam: Browser, person, receive: Receive):
    name = receive()
    sue = person("Sue", "Counterfoil", is_staff=True)
    at_once([lambda who=who: press(who, REPLAY, name) for who in (sam, sue)])
    assert len(entries("event.retried")) == 1
    assert state(name) == EventState.RECEIVED


def test_one_press_sent_twice_at_once_counts_once(sam: Browser, receive: Receive):
    name, token = receive(), "t" * 22
    at_once([lambda: press(sam, REPLAY, name, token=token)] * 2)
    assert len(entries("event.retried")) == 1


def test_what_somebody_else_did_already_is_said(sam: Browser, receive: Receive):
    name = receive(state=EventState.RECEIVED)
    assert "Nothing was left to do" in told(sam, press(sam, REPLAY, name))


def test_all_on_a_page_are_replayed_together(sam: Browser, receive: Receive):
    names = [receive(f"sub_{n}") for n in range(3)]
    answer = press(sam, REPLAY, everything="1", shown=names)
    assert "3 events were sent round again." in told(sam, answer)


def test_what_cannot_be_done_to_some_is_said(sam: Browser, receive: Receive):
    names = [receive("sub_1"), receive("sub_2", state=EventState.RECEIVED)]
    assert "1 event was sent round again. 1 was left as it is." in told(sam, press(sam, REPLAY, *names))


def test_nothing_ticked_does_nothing(sam: Browser, receive: Receive):
    receive()
    assert "Tick at least one row first." in told(sam, press(sam, REPLAY))


def test_one_comes_back_to_the_list_as_it_was_filtered(sam: Browser, receive: Receive):
    answer = press(sam, REPLAY, receive(), next="/admin/webhooks?state=parked")
    assert answer.location == "/admin/webhooks?state=parked"


@pytest.mark.parametrize(
    "fields",
    [{"token": "short"}, {"token": "t" * 22 + "\x00"}, {"chosen": ["evt_\x00"]}, {"chosen": ["x" * 301]}],
)
@pytest.mark.parametrize("address", [REPLAY, DISCARD])
def test_a_form_that_is_none_of_ours_is_refused(sam: Browser, address: str, fields: dict[str, object]):
    assert sam.post(address, data=form("evt_1") | fields).status_code == 400


@pytest.mark.parametrize("address", [REPLAY, DISCARD])
def test_more_rows_than_a_page_has_are_refused(sam: Browser, address: str):
    assert press(sam, address, *(f"evt_{n}" for n in range(101))).status_code == 400


def test_an_unknown_event_is_none(sam: Browser):
    assert "Nothing was left to do" in told(sam, press(sam, REPLAY, "evt_nobody"))


def test_without_its_csrf_token_nothing_is_done(sam: Browser, receive: Receive):
    name = receive()
    assert sam.post(REPLAY, data=form(name), csrf=False).status_code == 400
    assert state(name) == EventState.PARKED


def test_giving_up_asks_why_first(sam: Browser, receive: Receive):
    name = receive()
    answer = press(sam, DISCARD, name)
    assert (answer.status_code, state(name)) == (200, EventState.PARKED)
    assert "Discard 1 event?" in answer.text


def test_an_event_is_given_up_for_a_reason(sam: Browser, receive: Receive):
    name = receive()
    answer = press(sam, DISCARD, name, reason="  of a test account ")
    assert "1 event was discarded." in told(sam, answer)
    assert state(name) == EventState.DISCARDED
    (entry,) = entries("event.discarded")
    assert (entry.actor, entry.data["reason"]) == (sam.user.public_id, "of a test account")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "of\x00ada", "two\nlines", "see https://x.test"])
def test_a_reason_must_be_one_short_line(sam: Browser, receive: Receive, reason: str):
    name = receive()
    answer = press(sam, DISCARD, name, reason=reason)
    assert (answer.status_code, state(name)) == (422, EventState.PARKED)
    assert name in answer.text


def test_given_up_twice_it_is_given_up_once(sam: Browser, receive: Receive):
    name, token = receive(), "t" * 22
    for reason in ("of a test account", "of a test account, again"):
        assert "1 event was discarded." in told(sam, press(sam, DISCARD, name, token=token, reason=reason))
    assert len(entries("event.discarded")) == 1


def test_what_is_done_cannot_be_given_up(sam: Browser, receive: Receive):
    name = receive(state=EventState.PROCESSED)
    assert "only what is stuck" in told(sam, press(sam, DISCARD, name, reason="no"))
