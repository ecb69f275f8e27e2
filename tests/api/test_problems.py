"""Whatever goes wrong under /api/v1 is a problem document, never a page."""

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import ImATeapot, InternalServerError

from app.api import problems
from app.core.errors import AmountChanged, NotFound
from tests.cast import Browser


def test_an_unknown_address_is_a_problem(client: Browser):
    answer = client.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at this address, or it belongs to somebody else.",
        "code": "not_found",
        "request_id": answer.headers["X-Request-Id"],
    }


def test_another_method_is_a_problem_that_names_the_right_ones(client: Browser):
    answer = client.delete("/api/v1/openapi.json")
    assert answer.get_json()["code"] == "method_not_allowed"
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "HEAD", "POST"])
@pytest.mark.parametrize(
    "address", ["/api/v1", "/api/v1/", "/api/v1//openapi.json", "/api/v1/openapi.json/", "/api/v2"]
)
def test_no_answer_is_a_page(client: Browser, method: str, address: str):
    answer = client.open(address, method=method)
    assert answer.mimetype != "text/html"
    assert "<" not in answer.text
    assert "Set-Cookie" not in answer.headers


def test_another_host_is_a_problem(client: Browser):
    answer = client.get("/api/v1/openapi.json", base_url="http://evil.example.com")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OperationalError("SELECT 1", None, Exception("gone")), 503, "unavailable"),
        (InternalServerError(), 500, "internal_error"),
        (ImATeapot(), 400, "invalid_request"),
        (NotFound(), 404, "not_found"),
        (AmountChanged(), 409, "amount_changed"),
    ],
)
def test_every_error_has_a_code(app: Flask, error: Exception, status: int, code: str):
    with app.test_request_context("/api/v1/entitlements", base_url=app.extensions["settings"].public_url):
        answer = problems.of(error)
    assert answer is not None
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_pages_keep_their_own_errors(client: Browser):
    assert client.get("/nothing").mimetype == "text/html"


def test_the_document_is_served(client: Browser):
    document = client.get("/api/v1/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    assert document["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}
