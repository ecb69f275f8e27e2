"""The scripts as they are served: each a few plain files, in this order, inside one function scope.

There is no build step, and the parts are no modules: Stripe.js must define its global before the page's next script
runs, and a module cannot.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

SCRIPTS = Path(__file__).parent / "scripts"

SHARED = ("shared/deferred", "shared/form", "shared/api", "shared/returning", "shared/options", "shared/talk")
BUNDLES = {
    "stripe": (
        *SHARED,
        *("stripe/errors", "stripe/emitter", "stripe/frame", "stripe/payment_element", "stripe/elements"),
        *("stripe/challenge", "stripe/confirm", "stripe/stripe"),
    ),
    "element": (
        *SHARED,
        *("shared/embedded", "element/card", "element/countries", "element/checks", "element/appearance"),
        *(
            "element/typing",
            "element/field",
            "element/card_form",
            "element/settings",
            "element/confirm",
            "element/main",
        ),
    ),
    "challenge": (*SHARED, "shared/embedded", "challenge/main"),
}


@cache
def bundle(name: str) -> str:
    """The script called ``name``; a KeyError for any other name than those above."""
    parts = [(SCRIPTS / f"{part}.js").read_text(encoding="utf-8") for part in BUNDLES[name]]
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


@cache
def fingerprint(name: str) -> str:
    """A strong ETag for a bundle: the start of its SHA-256."""
    return sha256(bundle(name).encode()).hexdigest()[:16]
