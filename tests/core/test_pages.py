"""Wherever a person is sent next, it is on this site."""

import pytest
from flask import Flask

from app.core.pages import public_url, safe_next

HOSTILE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example/",
    "/%09/evil.example\t",
    "\t//evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "data:text/html,hello",
    "good.example@evil.example",
    "/path\r\nSet-Cookie: a=b",
    "http://[::1",
    "//[::1",
    "/\x00",
    "",
    None,
]


@pytest.mark.parametrize("target", HOSTILE)
def test_a_doubtful_target_becomes_the_overview(whole_app: Flask, target: str | None):
    with whole_app.test_request_context(base_url=whole_app.extensions["settings"].public_url):
        assert safe_next(target) == "/"


@pytest.mark.parametrize("target", ["/plans", "/invoices?status=open&q=a%20b", "/checkout/price_1#card"])
def test_a_path_of_ours_is_kept(whole_app: Flask, target: str):
    with whole_app.test_request_context(base_url=whole_app.extensions["settings"].public_url):
        assert safe_next(target) == target


def test_an_address_in_a_mail_comes_from_the_configuration(whole_app: Flask):
    with whole_app.test_request_context(base_url="http://evil.example"):
        assert public_url("overview.index") == whole_app.extensions["settings"].public_url + "/"
