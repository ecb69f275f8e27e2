"""Codes are not to be found by trying."""

from collections.abc import Callable

from app.catalog.models import Price
from tests.cast import Browser
from tests.helpers import Sandbox
from tests.promotions.codes import make_code

Prices = Callable[..., Price]


def guess(browser: Browser, price: Price, code: str) -> tuple[int, str]:
    answer = browser.get(f"/checkout/{price.public_id}?promotion_code={code}")
    return answer.status_code, answer.text


def test_after_ten_wrong_codes_an_organization_waits(ada: Browser, bob: Browser, nexus: Prices, sandbox: Sandbox):
    make_code(sandbox)
    price = nexus("growth")
    assert [guess(who, price, f"GUESS{n}")[0] for n in range(5) for who in (ada, bob)] == [422] * 10
    status, page = guess(ada, price, "SPRING20")
    assert status == 429
    assert "Too many promotion codes did not work. Wait an hour before the next one" in page
    assert ada.get(f"/checkout/{price.public_id}").status_code == 200


def test_codes_that_work_and_plain_visits_are_not_counted(ada: Browser, nexus: Prices, sandbox: Sandbox):
    make_code(sandbox)
    price = nexus("growth")
    assert {guess(ada, price, "SPRING20")[0] for _ in range(12)} == {200}
    assert guess(ada, price, "GUESS")[0] == 422


def test_every_door_counts_towards_the_same_limit(ada: Browser, nexus: Prices, sandbox: Sandbox):
    price = nexus("growth")
    form = {"name": "Ada", "country": "GB", "promotion_code": "GUESS"}
    for n in range(10):
        answer = ada.post(f"/checkout/{price.public_id}", data=form | {"token": f"{n}" * 22})
        assert answer.status_code == 409
    assert guess(ada, price, "GUESS")[0] == 429
    assert ada.get("/subscription/promotion-code?promotion_code=GUESS").status_code == 429


def test_an_address_waits_whatever_organization_asks(person: Callable[..., Browser], nexus: Prices):
    price = nexus("growth")
    for organization in range(4):
        visitor = person(f"V{organization}", f"Guessers {organization}")
        statuses = [guess(visitor, price, f"GUESS{n}")[0] for n in range(9)]
    assert statuses[-1] == 429
