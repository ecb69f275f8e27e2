"""What every answer carries, and which requests are not even looked at."""

import re

import pytest
from flask import Flask

from app.core.config import load
from app.core.security import content_security_policy
from tests.cast import Browser
from tests.core.test_config import LIVE


def test_a_page_may_only_run_scripts_with_its_nonce(client: Browser):
    answer = client.get("/login")
    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)
    assert nonce
    assert f'nonce="{nonce[1]}"' in answer.text
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "unsafe" not in policy


def test_two_answers_never_share_a_nonce(client: Browser):
    first, second = (client.get("/login").headers["Content-Security-Policy"] for _ in range(2))
    assert first != second


def test_only_a_page_that_takes_a_card_may_load_stripe():
    settings = load(LIVE)
    plain = content_security_policy(settings, "n", card_form=False)
    paying = content_security_policy(settings, "n", card_form=True)
    assert "stripe" not in plain
    assert "script-src 'nonce-n' https://js.stripe.com https://*.js.stripe.com" in paying
    assert "frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com" in paying
    assert "connect-src 'self' https://api.stripe.com" in paying


def test_the_other_headers_are_on_every_page(client: Browser):
    headers = client.get("/login").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert {"Cookie", "HX-Request"} <= set(re.split(r",\s*", headers["Vary"]))
    assert "payment=()" in headers["Permissions-Policy"]


def test_a_report_nested_without_end_is_no_error_of_ours(client: Browser):
    answer = client.post("/csp-reports", data="[" * 10_000, content_type="application/csp-report", csrf=False)
    assert answer.status_code == 204


def test_a_request_for_another_host_is_refused(client: Browser):
    assert client.get("/login", base_url="http://evil.example").status_code == 400


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_post_from_elsewhere_is_refused_even_with_a_token(client: Browser, headers: dict[str, str]):
    assert client.post("/login", headers=headers).status_code == 403


def test_a_post_without_a_token_is_refused(client: Browser):
    assert client.post("/login", csrf=False).status_code == 400


def test_a_post_with_a_token_of_another_browser_is_refused(app: Flask, client: Browser):
    other = Browser(app, app.response_class)
    answer = client.post("/login", csrf=False, headers={"X-CSRFToken": other._token()})
    assert answer.status_code == 400


def test_an_unknown_method_is_refused(client: Browser):
    assert client.open("/login", method="TRACE").status_code == 405


@pytest.mark.parametrize("cookie", ["garbage", "x" * 9000, "a.b.c", '"'])
def test_a_broken_cookie_is_nobody(app: Flask, cookie: str):
    client = Browser(app, app.response_class, use_cookies=False)
    assert client.get("/login", headers={"Cookie": f"session={cookie}; session=other"}).status_code == 200


def test_the_same_address_answers_page_and_fragment_apart(ada: Browser):
    page, fragment = ada.get("/subscription"), ada.get("/subscription", headers={"HX-Request": "true"})
    assert "<html" in page.text
    assert fragment.text.lstrip().startswith("<section")
    assert "HX-Request" in fragment.headers["Vary"]


def test_an_error_is_a_page_with_the_request_id_and_nothing_inside(client: Browser):
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert answer.headers["X-Request-Id"] in answer.text
    assert "Traceback" not in answer.text
