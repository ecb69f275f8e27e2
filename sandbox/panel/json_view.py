"""JSON as a page: ids are links, instants are readable."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup, escape

LINE = re.compile(r'^(?P<indent> *)(?:(?P<key>"(?:[^"\\]|\\.)*"): )?(?P<value>.*?)(?P<comma>,?)$')
INSTANT = re.compile(
    r"(^created|^start|^end|^updated|_at|_date|_start|_end|_anchor|_attempt|^available_on|^frozen_time)$"
)
EARLIEST = 1_000_000_000
"""Smaller numbers under such a key are no unix seconds."""


def as_html(value: Any, link: Callable[[str, str], str | None]) -> Markup:
    """``value`` indented by two; ``link(key, text)`` answers the address that a string leads to, or None."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return Markup("\n").join(_line(line, link) for line in text.split("\n"))


def instant(seconds: float) -> str:
    """Unix seconds as the panel writes them everywhere: ``21 Nov 2026, 07:22:05``, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%-d %b %Y, %H:%M:%S")


def _line(line: str, link: Callable[[str, str], str | None]) -> Markup:
    match = LINE.match(line)
    assert match is not None  # every part of the pattern may be empty
    indent, key, value, comma = match.groups()
    name = json.loads(key) if key else ""
    label = Markup('<span class="key">{}</span>: ').format(key) if key else Markup("")
    return Markup("{}{}{}{}{}").format(indent, label, _value(name, value, link), comma, _remark(name, value))


def _value(key: str, value: str, link: Callable[[str, str], str | None]) -> Markup:
    if value.startswith('"'):
        text = json.loads(value)
        address = link(key, text)
        if address:
            return Markup('"<a href="{}">{}</a>"').format(address, text)
        return Markup('<span class="text">{}</span>').format(value)
    return escape(value)


def _remark(key: str, value: str) -> Markup:
    if INSTANT.search(key) and value.isdecimal() and int(value) > EARLIEST:
        return Markup('<span class="remark">  {}</span>').format(instant(int(value)))
    return Markup("")
