"""People who use the portal while things go wrong: they fill forms, and press reload when a page does not come."""

import copy
import time
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from faults.house import House
from portal.demo.visitor import Lost, Visitor
from portal.services import messages

CARD = "4242424242424242"
PATIENCE_SECONDS = 60.0


class Customer(Visitor):
    """An administrator of an organization of their own, at an address of their own."""

    def __init__(self, house: House, chance: Random) -> None:
        mark = f"{chance.getrandbits(40):010x}"
        self.house = house
        self.name, self.email = f"Dora Quill-{mark}", f"dora-{mark}@example.com"
        self.organization = f"Quill {mark} Ltd"
        address = ".".join(str(chance.randint(1, 254)) for _ in range(3))
        super().__init__(house.url, {"X-Forwarded-For": f"10.{address}"})
        self.stays = True
        self.left = ""

    def open(self, address: str) -> None:
        """Who does not stay closes the tab as soon as the card is confirmed; `left` is where they would have gone."""
        if not self.stays and "/return?" in address:
            self.left = address
            return
        super().open(address)

    def tab(self) -> "Customer":
        """Another tab of the same browser, showing the same page."""
        other = copy.copy(self)
        other._http = requests.Session()
        other._http.trust_env = False
        other._http.headers.update(self._http.headers)
        other._http.cookies.update(self._http.cookies)
        return other

    def send(self, button: str, to: str = "", **fields: str) -> requests.Response:
        """Press, but do not look: the answer, wherever it led. `to` another address than the form's, if one is given."""
        form, data = self.form(button)
        action = urljoin(self.url, to or str(form.get("action") or self.url))
        return self._http.post(action, data=data | fields, timeout=PATIENCE_SECONDS)

    def post_plainly(self, address: str, data: dict[str, str]) -> requests.Response:
        """Send these fields; the first answer, wherever it points."""
        where = urljoin(self.url, address)
        return self._http.post(where, data=data, timeout=PATIENCE_SECONDS, allow_redirects=False)

    def confirm(self, answer: dict[str, Any], card: str) -> dict[str, Any]:
        """What Stripe.js does with the answer to the form of the card that is open; requests.HTTPError or Lost."""
        form, _ = self.form("Pay")
        return self._confirm(self.house.stack.sandbox_url, form, answer, card)

    def sign_up(self) -> None:
        self.open("/signup")
        fields = {"name": self.name, "email": self.email, "organization": self.organization}
        self.press("Create account", password="paper-and-ink-for-all", **fields)

    def look_at(self, plan: str = "Growth") -> str:
        """Go to a plan's checkout; the price's public id."""
        self.open("/plans")
        self.follow(f"Choose {plan}")
        return urlsplit(self.url).path.rsplit("/", 1)[-1]

    def subscribe(self, plan: str = "Growth", card: str = CARD) -> None:
        """Check out and pay."""
        self.buy(self.look_at(plan), card, name=self.organization, country="GB")

    def get_subscribed(self, every: float = 2.0) -> None:
        """Check out again and again, until there is a subscription."""
        self.patiently(lambda: None if self.status() == "active" else self.subscribe(), every=every)

    def cancel(self) -> None:
        """Cancel at the end of the period, on two screens; nothing to do where it says that this was done."""
        self.open("/subscription/cancel")
        if urlsplit(self.url).path == "/subscription/cancellation":
            return
        self.press("Continue", feedback="unused")
        self.press("Cancel at period end")

    def patiently(self, act: Callable[[], Any], seconds: float = PATIENCE_SECONDS, every: float = 0.2) -> None:
        """Do it again, as people do, while the connection breaks or the page says it did not work."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                act()
                return
            except (requests.RequestException, Lost):
                if time.monotonic() > deadline:
                    raise
                time.sleep(every)

    def cookies(self) -> dict[str, str]:
        """What their browser would send in a second window."""
        return {str(name): str(value) for name, value in self._http.cookies.get_dict().items()}

    @property
    def id(self) -> int:
        """Of the organization's row."""
        found = self.house.rows("SELECT id FROM organizations WHERE name = %s", self.organization)
        return int(found[0][0])

    def audit(self, action: str) -> int:
        """How often the audit says this of the organization."""
        mine = "SELECT count(*) FROM audit_entries WHERE organization_id = %s AND action = %s"
        return self.house.count(mine, self.id, action)

    def mails(self) -> list[str]:
        """The subjects of the mails to them, oldest first."""
        found = messages.newest_first(self.house.stack.mail.directory, to=self.email)
        return [mail.subject for mail in found][::-1]

    def status(self) -> str | None:
        """Of the newest subscription, as the portal has it."""
        newest = "SELECT status FROM subscriptions WHERE organization_id = %s ORDER BY id DESC LIMIT 1"
        found = self.house.rows(newest, self.id)
        return str(found[0][0]) if found else None

    def stripe_customer(self) -> str:
        """The customer's id at Stripe."""
        return str(self.house.rows("SELECT stripe_customer_id FROM organizations WHERE id = %s", self.id)[0][0])
