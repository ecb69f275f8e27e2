"""Whatever customers write, drawing it opens no connection and no file of this machine."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.invoices import pdf
from tests.invoices.records import BUYER, LINE, OPEN, document

# Every way in which WeasyPrint fetches something; each is tried with an address of the network and one of a file.
VECTORS = [
    '<img src="{url}">',
    '<link rel="stylesheet" href="{url}">',
    '<style>@import url("{url}");</style>',
    '<p style="background: url({url})">x</p>',
    '<link rel="attachment" href="{url}">',
    '<a rel="attachment" href="{url}">x</a>',
    '<svg><image href="{url}"/></svg>',
    '<object data="{url}"></object>',
    '<embed src="{url}">',
    '<base href="{url}"><img src="x">',
    '<iframe src="{url}"></iframe>',
    '<style>@font-face {{ font-family: x; src: url("{url}") }} p {{ font-family: x }}</style><p>x</p>',
]
SECRET = "BEGIN SECRET"

_seen: list[str] | None = None


def _hook(event: str, args: tuple[Any, ...]) -> None:
    """An audit hook cannot be taken off again, so it looks only while somebody wants to know."""
    if _seen is not None and (
        event.startswith(("socket.", "urllib.")) or (event == "open" and "secret" in str(args[0]))
    ):
        _seen.append(event)


sys.addaudithook(_hook)


@pytest.fixture
def fetched(press: Flask, tmp_path: Path) -> Callable[[Callable[[str], bytes]], list[str]]:
    """What `draw` opened, given an address of the network and then that of a file; also checks the bytes it made."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    pdf.render(document(press, OPEN))  # our own fonts are read once, before

    def watch(draw: Callable[[str], bytes]) -> list[str]:
        global _seen
        seen: list[str] = []
        _seen = seen
        try:
            made = [draw("http://127.0.0.1:9/x.png"), draw(secret.as_uri())]
        finally:
            _seen = None
        assert all(SECRET.encode() not in document for document in made)
        return seen

    return watch


def test_the_watch_would_see_it(press: Flask, tmp_path: Path, fetched: Any) -> None:
    assert fetched(lambda url: (tmp_path / "secret").read_bytes()[:3]) == ["open"] * 2


def test_words_of_customers_fetch_nothing(press: Flask, fetched: Any) -> None:
    def draw(url: str) -> bytes:
        texts = [vector.format(url=url) for vector in VECTORS]
        lines = tuple(replace(LINE, description=text) for text in texts)
        every = "".join(texts)
        buyer = replace(BUYER, name=every, email=every, address={"line1": every}, tax_ids=(("gb_vat", every),))
        return pdf.render(document(press, replace(OPEN, number=every, lines=lines, buyer=buyer)))

    assert fetched(draw) == []


@pytest.mark.parametrize("vector", VECTORS)
def test_markup_that_got_through_would_fetch_nothing_either(fetched: Any, vector: str) -> None:
    assert fetched(lambda url: pdf.draw(f"<body>{vector.format(url=url)}</body>")) == []
