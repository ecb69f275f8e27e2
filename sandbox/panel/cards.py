"""The test cards in words, drawn from the table that decides what they do."""

import re

from sandbox.billing.payments.cards import TABLE, Card, Refusal

ASKS = {
    "until_set_up": "Asks for 3-D Secure until it is saved; renewals go through",
    "always": "Asks for 3-D Secure at every payment, renewals included",
    "on_session": "Asks for 3-D Secure while the customer is there; renewals go through",
}
REFUNDS = {
    "succeeded": "refunds are pending for an hour",
    "failed": "refunds fail after an hour",
}
GROUPS = ("Succeed", "Ask for 3-D Secure", "Are refused")


def groups() -> dict[str, list[tuple[str, str, str]]]:
    """Rows of number, brand and effect, by what happens first: payment, question or refusal."""
    found: dict[str, list[tuple[str, str, str]]] = {name: [] for name in GROUPS}
    for card in TABLE.values():
        found[_group(card)].append((spaced(card.number), _brand(card), deed(card)))
    return found


def deed(card: Card) -> str:
    """What a card does, as one sentence."""
    if card.attach:
        return f"Is refused at every use: {_reason(card.attach)}"
    if card.charge:
        return f"Can be saved, then every charge fails: {_reason(card.charge)}"
    parts = [ASKS.get(card.asks, "Succeeds")]
    if card.after_authentication:
        parts.append(f"then is refused: {_reason(card.after_authentication)}")
    if card.cvc_check == "fail":
        parts.append("the check of the security code fails")
    if card.postal_check == "fail":
        parts.append("the check of the postal code fails")
    if card.disputed:
        parts.append("and is disputed at once")
    if card.refund:
        parts.append(REFUNDS[card.refund])
    return ", ".join(parts)


def spaced(number: str) -> str:
    """Grouped as printed on the card."""
    if len(number) == 16:
        return " ".join(re.findall("....", number))
    return f"{number[:4]} {number[4:10]} {number[10:]}"


def _group(card: Card) -> str:
    if card.attach or card.charge:
        return "Are refused"
    return "Ask for 3-D Secure" if card.asks != "never" else "Succeed"


def _brand(card: Card) -> str:
    brand = {"amex": "American Express", "jcb": "JCB"}.get(card.brand, card.brand.capitalize())
    notes = [note for note in (card.funding, card.country) if note not in ("credit", "US")]
    return " ".join([brand, *notes])


def _reason(refusal: Refusal) -> str:
    return (refusal.decline_code or refusal.code).replace("_", " ")
