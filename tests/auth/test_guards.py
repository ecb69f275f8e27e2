"""Who is not signed in is asked to, in the way the browser understands."""

import pytest
from flask import Flask

from tests.cast import Browser

SWAP = {"HX-Request": "true"}


def test_a_visit_is_redirected_and_comes_back(client: Browser) -> None:
    answer = client.get("/settings/team")
    assert (answer.status_code, answer.location) == (302, "/login?next=/settings/team")


def test_a_swap_leaves_the_page_as_a_whole(client: Browser, app: Flask) -> None:
    page = app.extensions["settings"].public_url + "/settings/team"
    answer = client.get("/settings/team", headers=SWAP | {"HX-Current-URL": page})
    assert (answer.status_code, answer.text) == (401, "")
    assert answer.headers["HX-Redirect"] == "/login?next=/settings/team"


@pytest.mark.parametrize(
    "address", ["https://evil.test/x", "javascript:alert(1)", "//evil.test", "\\\\evil.test", "nonsense"]
)
def test_a_swap_never_sends_to_another_site(client: Browser, address: str) -> None:
    answer = client.get("/settings/team", headers=SWAP | {"HX-Current-URL": address})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/login")
    assert "evil" not in answer.headers["HX-Redirect"]


def test_a_post_does_not_come_back_to_where_only_posts_go(client: Browser) -> None:
    assert client.post("/settings/team/invitations").location == "/login"
