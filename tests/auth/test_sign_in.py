"""Signing in and out at /login and /logout, and what the session's cookie is worth."""

from datetime import timedelta
from statistics import median
from time import process_time

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.audit.models import Entry
from app.auth import backoff, passwords
from app.auth.models import ABSOLUTE, IDLE, SignInFailures, User, UserSession
from app.core import clock
from app.core.extensions import db
from tests.cast import PASSWORD, Browser

RIGHT = {"email": "ada@example.com", "password": PASSWORD}
WRONG = {"email": "ada@example.com", "password": "not her password"}


@pytest.fixture
def visitor(ada: Browser, client: Browser) -> Browser:
    """A browser nobody is signed in with, while Ada has an account."""
    return client


def sessions() -> int:
    return db.session.scalar(select(func.count()).select_from(UserSession)) or 0


def test_the_right_password_opens_the_overview(visitor: Browser) -> None:
    answer = visitor.post("/login", data=RIGHT)
    assert (answer.status_code, answer.location) == (303, "/")
    assert visitor.get("/settings/team").status_code == 200


def test_an_address_is_known_in_any_case_and_with_spaces_around(visitor: Browser) -> None:
    assert visitor.post("/login", data=RIGHT | {"email": " ADA@Example.COM "}).status_code == 303


def test_signing_in_leads_back_to_where_one_was_going(visitor: Browser) -> None:
    asked = visitor.get("/settings/team?x=1")
    assert asked.status_code == 302
    assert visitor.post(asked.location, data=RIGHT).location == "/settings/team?x=1"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "https:evil.test",
        "javascript:alert(1)",
        "/%09/evil.test",
        "\t/x",
        "http://[",
        "x",
    ],
)
def test_signing_in_never_leads_to_another_site(visitor: Browser, target: str) -> None:
    answer = visitor.post("/login", query_string={"next": target}, data=RIGHT)
    assert answer.location in {"/", "/%09/evil.test"}


def test_unknown_address_and_wrong_password_get_the_same_answer(visitor: Browser) -> None:
    known = visitor.post("/login", data=WRONG)
    unknown = visitor.post("/login", data=WRONG | {"email": "eve@example.com"})
    assert known.status_code == unknown.status_code == 422
    assert "do not match" in known.text
    assert stripped(known.text) == stripped(unknown.text.replace("eve@", "ada@"))
    assert [name for name, _ in known.headers] == [name for name, _ in unknown.headers]


def stripped(page: str) -> str:
    """Without what differs from one answer to the next by design: tokens and the nonce."""
    return "".join(line for line in page.splitlines() if "csrf" not in line.lower() and "nonce" not in line)


def test_an_unknown_address_takes_as_long_as_a_wrong_password(app: Flask) -> None:
    kept = passwords.hash_password("some password or other")

    def seconds(password_hash: str | None) -> float:
        began = process_time()  # of the processor: what else this machine does is not counted
        passwords.verify(password_hash, "wrong")
        return process_time() - began

    passwords.verify(None, "the first one also makes the hash nobody has")
    known, unknown = zip(*((seconds(kept), seconds(None)) for _ in range(3)), strict=True)
    assert median(unknown) == pytest.approx(median(known), rel=0.5)


def test_what_was_typed_stays_except_the_password(visitor: Browser) -> None:
    page = visitor.post("/login", data=WRONG).text
    assert 'value="ada@example.com"' in page
    assert "not her password" not in page


def test_the_session_starts_anew_at_sign_in_and_the_csrf_token_with_it(visitor: Browser, app: Flask) -> None:
    visitor.get("/login")
    base = app.extensions["settings"].public_url
    with visitor.session_transaction(base_url=base) as session:
        before = dict(session)
    visitor.post("/login", data=RIGHT)
    with visitor.session_transaction(base_url=base) as session:
        assert "csrf_token" in before
        assert session.get("csrf_token") != before["csrf_token"]
        assert list(session) == ["_user_id"]


def test_a_second_sign_in_ends_the_first_session_of_that_browser(visitor: Browser) -> None:
    before = sessions()
    visitor.post("/login", data=RIGHT)
    visitor.post("/logout")
    visitor.post("/login", data=RIGHT)
    assert sessions() == before + 1


def test_a_visitor_has_no_row(visitor: Browser) -> None:
    before = sessions()
    visitor.get("/login")
    visitor.post("/login", data=WRONG)
    assert sessions() == before


def test_signing_out_ends_the_session_even_for_a_kept_cookie(ada: Browser, app: Flask) -> None:
    kept = cookie(ada)
    answer = ada.post("/logout")
    assert (answer.status_code, answer.location) == (303, "/login")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert with_cookie(app, kept).get("/settings/team").status_code == 302


def test_signing_out_by_a_link_or_without_the_token_does_nothing(ada: Browser) -> None:
    assert ada.get("/logout").status_code == 405
    assert ada.post("/logout", csrf=False).status_code == 400
    assert ada.get("/settings/team").status_code == 200


@pytest.mark.parametrize("column", ["last_seen_at", "expires_at"])
def test_an_idle_or_old_session_is_over(ada: Browser, column: str) -> None:
    ago = {"last_seen_at": clock.wall() - IDLE, "expires_at": clock.wall()}
    db.session.execute(update(UserSession).values({column: ago[column]}))
    db.session.commit()
    assert ada.get("/settings/team").status_code == 302


def test_a_session_lasts_fourteen_days_at_most(visitor: Browser) -> None:
    visitor.post("/login", data=RIGHT)
    newest = db.session.scalars(select(UserSession).order_by(UserSession.id.desc())).first()
    assert newest is not None
    assert newest.expires_at - newest.created_at == pytest.approx(ABSOLUTE, abs=timedelta(seconds=5))


def test_last_seen_is_written_once_a_minute(ada: Browser) -> None:
    long_ago = clock.wall() - timedelta(minutes=5)
    db.session.execute(update(UserSession).values(last_seen_at=long_ago))
    db.session.commit()
    ada.get("/settings/team")
    first = db.session.scalars(select(UserSession.last_seen_at)).one()
    ada.get("/settings/team")
    assert first > long_ago
    assert db.session.scalars(select(UserSession.last_seen_at)).one() == first


def test_a_deleted_user_is_signed_out_everywhere(ada: Browser) -> None:
    user = db.session.get_one(User, ada.user.id)
    db.session.delete(user)
    db.session.commit()
    assert ada.get("/settings/team").status_code == 302


@pytest.mark.parametrize("value", ["garbage", "a.b.c", "x" * 5000, "e30.aaaa.bbbb", '"', "%00"])
def test_a_cookie_that_is_none_of_ours_is_nobody(app: Flask, value: str) -> None:
    assert with_cookie(app, value).get("/settings/team").status_code == 302


def test_two_session_cookies_are_no_accident(ada: Browser, app: Flask) -> None:
    stranger = Browser(app, app.response_class, use_cookies=False)
    both = {"Cookie": f"session=garbage; session={cookie(ada)}"}
    assert stranger.get("/settings/team", headers=both).status_code in {200, 302}


def test_wrong_passwords_make_the_account_wait_longer_and_longer(visitor: Browser) -> None:
    for _ in range(backoff.FREE_TRIES):
        assert visitor.post("/login", data=WRONG).status_code == 422
    answer = visitor.post("/login", data=RIGHT)
    assert answer.status_code == 429
    assert "Wait 5 seconds" in answer.text or "Wait 4 seconds" in answer.text


def test_an_unknown_address_waits_just_the_same(visitor: Browser) -> None:
    assert visitor.post("/login", data=WRONG | {"email": "eve@example.com"}).status_code == 422
    for _ in range(backoff.FREE_TRIES - 1):
        backoff.attempt(backoff.account("eve@example.com"))
    assert visitor.post("/login", data=WRONG | {"email": "eve@example.com"}).status_code == 429


def test_a_browser_that_signed_in_before_does_not_wait_for_others(visitor: Browser, app: Flask) -> None:
    visitor.post("/login", data=RIGHT)
    visitor.post("/logout")
    attacker = Browser(app, app.response_class)
    for _ in range(backoff.FREE_TRIES):
        backoff.attempt(backoff.account("ada@example.com"))
    assert attacker.post("/login", data=RIGHT).status_code == 429
    assert visitor.post("/login", data=RIGHT).status_code == 303


def test_the_wait_ends_by_itself_and_is_never_longer_than_a_quarter_of_an_hour(visitor: Browser, app: Flask) -> None:
    account = backoff.account("ada@example.com")
    for _ in range(40):
        db.session.execute(update(SignInFailures).values(closed_until=clock.wall()))
        db.session.commit()
        backoff.attempt(account)
    row = db.session.scalars(select(SignInFailures)).one()
    assert row.closed_until - row.last_at == backoff.LONGEST_WAIT
    db.session.execute(update(SignInFailures).values(closed_until=clock.wall()))
    db.session.commit()
    assert visitor.post("/login", data=RIGHT).status_code == 303
    assert db.session.scalars(select(SignInFailures)).first() is None


def test_many_accounts_tried_from_one_address_are_stopped(visitor: Browser) -> None:
    tries = [visitor.post("/login", data={"email": f"p{n}@example.com"}) for n in range(21)]
    assert [answer.status_code for answer in tries] == [422] * 20 + [429]
    assert ["Retry-After" in answer.headers for answer in tries] == [False] * 20 + [True]


def test_signing_in_and_failing_to_are_on_record_without_the_address(visitor: Browser, ada: Browser) -> None:
    visitor.post("/login", data=WRONG)
    visitor.post("/login", data=RIGHT)
    visitor.post("/logout")
    entries = list(db.session.scalars(select(Entry).order_by(Entry.id)))
    assert [entry.action for entry in entries] == ["user.sign_in_failed", "user.signed_in", "user.signed_out"]
    assert {entry.subject for entry in entries} == {ada.user.public_id}
    assert entries[0].actor == "anonymous"
    assert entries[2].actor == ada.user.public_id
    assert all("ada@" not in str(entry.data) and entry.request_id for entry in entries)


def cookie(browser: Browser) -> str:
    found = browser.get_cookie("session", domain="127.0.0.1")
    assert found is not None
    return found.value


def with_cookie(app: Flask, value: str) -> Browser:
    browser = Browser(app, app.response_class, use_cookies=False)
    browser.environ_base["HTTP_COOKIE"] = f"session={value}"
    return browser
