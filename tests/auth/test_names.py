"""A name goes into mails to people who did not ask for one: it is one line of words, nothing else."""

import pytest

from tests.cast import Browser

SIGN_UP = {"name": "Dora", "email": "dora@example.com", "password": "paper-and-ink", "organization": "Difference Ltd"}


@pytest.mark.parametrize("field", ["name", "organization"])
@pytest.mark.parametrize(
    "words", ["Win at https://evil.example", "WWW.evil.example", "two\nlines", "turned\u202earound", "nul\x00"]
)
def test_links_and_tricks_are_refused(client: Browser, field: str, words: str):
    answer = client.post("/signup", data={**SIGN_UP, field: words})
    assert answer.status_code == 422
    assert "Enter a name, not a web address." in answer.text or "Use one line without special" in answer.text


@pytest.mark.parametrize("words", ["Škoda & Söhne", "Αθήνα", "José María O’Neill-Núñez", "نیم\u200cفاصله", "👩‍💻 Inc"])
def test_names_of_the_world_are_welcome(client: Browser, words: str):
    assert client.post("/signup", data={**SIGN_UP, "name": words, "organization": words}).status_code in {302, 303}
