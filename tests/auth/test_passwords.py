"""What may be a password, and whether one fits."""

import pytest
from flask import Flask

from app.auth import passwords


@pytest.mark.parametrize(
    "password", ["correct horse battery", "  spaces  ", "pässwörter mögen 🐎🔋", "abc1" * 64, "8 chars!"]
)
def test_any_composition_from_8_to_256_characters_is_fine(app: Flask, password: str) -> None:
    assert passwords.objection(password, "Counterfoil") is None


@pytest.mark.parametrize("password", ["7 chars", "a1" * 129, "with a \0 inside"])
def test_too_short_too_long_and_nul_are_refused_with_a_reason(app: Flask, password: str) -> None:
    assert passwords.objection(password, "Counterfoil")


@pytest.mark.parametrize(
    "password",
    [
        "password123",
        "Qwertyuiop",
        "1q2w3e4r5t",
        "Counterfoil2026",
        "counterfoil!",
        "2026Counterfoil",
        "aaaaaaaa",
        "20262026",
    ],
)
def test_what_is_guessed_first_is_refused(app: Flask, password: str) -> None:
    assert "guessed" in str(passwords.objection(password, "Counterfoil"))


def test_a_long_password_counts_to_its_last_character() -> None:
    long = "P" + "x" * 79
    kept = passwords.hash_password(long + "A")
    assert passwords.verify(kept, long + "A")
    assert not passwords.verify(kept, long + "B")
    assert not passwords.verify(kept, (long + "A").lower())


def test_the_way_a_keyboard_composes_an_accent_does_not_matter() -> None:
    assert passwords.verify(passwords.hash_password("caf\u00e9 au lait"), "cafe\u0301 au lait")


def test_without_an_account_no_password_fits() -> None:
    assert not passwords.verify(None, "nobody has this password")


def test_a_damaged_hash_fits_nothing() -> None:
    assert not passwords.verify("not a hash", "whatever it is")
