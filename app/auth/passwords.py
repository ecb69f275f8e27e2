"""Hashing passwords, and the few rules they must keep: length, no control character, not among the most guessed."""

import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _

SHORTEST, LONGEST = 8, 256
COMMON = Path(__file__).parent / "common_passwords.txt"

_hasher = PasswordHasher()  # RFC 9106's profile for servers with little memory


def hash_password(password: str) -> str:
    return _hasher.hash(_normal(password))


def verify(password_hash: str | None, password: str) -> bool:
    """Does `password` fit? Without a hash (no such account) the same work is done for nothing, and the answer is no."""
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), _normal(password)) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    return _hasher.check_needs_rehash(password_hash)


def objection(password: str, product_name: str) -> str | None:
    """Why `password` is refused, as a sentence; None when it is fine. No rule about its composition (ASVS 6.2.5)."""
    if len(password) < SHORTEST:
        return str(_("Use at least %(count)s characters.", count=SHORTEST))
    if len(password) > LONGEST:
        return str(_("Use at most %(count)s characters.", count=LONGEST))
    if "\0" in password:
        return str(_("A password cannot contain this character."))
    if _is_guessable(password, product_name):
        return str(_("This password is among the first that are guessed. Choose another."))
    return None


def _is_guessable(password: str, product_name: str) -> bool:
    """A common password or the product's name, also with a year, digits or punctuation around it."""
    plain = password.casefold()
    core = plain.strip("0123456789!?.,-_#*@$ ")
    product = "".join(product_name.casefold().split())
    return plain in _common() or core in {product, ""} or len(set(plain)) < 3 or core == "password"


def _normal(password: str) -> str:
    """Keyboards differ in how they compose é; the hash must not."""
    return unicodedata.normalize("NFC", password)


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text(encoding="utf-8").split())


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")
