"""Stripe.js, the Payment Element and 3-D Secure, in a page of another origin with a strict content policy."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
import stripe
from axe_playwright_python.sync_playwright import Axe
from flask import Flask, Response, request
from flask.testing import FlaskClient
from playwright.sync_api import Browser, ConsoleMessage, FrameLocator, Page, expect
from werkzeug.serving import make_server

from sandbox.billing.payments import intents
from sandbox.core import Sandbox
from sandbox.server import create_app
from sandbox.store import Record
from tests.sandbox.shop import Shop

SCRIPT = """
const { kind, secret, theme, redirect } = document.body.dataset;
const stripe = Stripe("pk_test_sandbox");
const mode = kind === "Setup" ? { mode: "setup", currency: "usd" } : { mode: "payment", amount: 9900, currency: "usd" };
const elements = stripe.elements({ ...mode, appearance: { theme, variables: { borderRadius: "3px" } } });
const element = elements.create("payment", { business: { name: "Nexus" } });
element.on("ready", () => { document.body.dataset.ready = "yes"; });
element.mount("#element");
Object.assign(window, { stripe, elements, element });
document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const message = document.getElementById("message");
  message.textContent = "";
  let result = await elements.submit();
  if (!result.error) {
    const confirmParams = { return_url: `${location.origin}/done?order=7` };
    result = await stripe[`confirm${kind}`]({ elements, clientSecret: secret, confirmParams, redirect });
  }
  const { error, paymentIntent, setupIntent } = result;
  message.textContent = error ? `${error.type} ${error.code}: ${error.message}` : (paymentIntent ?? setupIntent).status;
});
"""
PAGE = """<!doctype html><html lang="en"><head><title>Shop</title><link rel="stylesheet" href="/page.css"></head>
<body data-kind="{kind}" data-secret="{secret}" data-theme="{theme}" data-redirect="{redirect}"><main><h1>Pay</h1>
<form><div id="element"></div><p id="message" role="status"></p><button>Pay</button></form></main>
<script src="{sandbox}/stripe.js"></script><script src="/page.js"></script></body></html>"""
STYLE = "body { background: #fafafa; max-width: 26rem; } @media (prefers-color-scheme: dark) { body { background: #14161c; color: #eee } }"


@dataclass
class Counter:
    """A page of another origin that takes payments; it remembers what was sent to it and what its browser complained of."""

    sandbox: str
    url: str = ""
    seen: list[str] = field(default_factory=list)

    def app(self) -> Flask:
        app = Flask("shop", static_folder=None)
        app.before_request(lambda: self.seen.append(request.full_path + request.get_data(as_text=True)))
        app.add_url_rule("/pay", view_func=self._pay)
        app.add_url_rule("/done", view_func=lambda: "done", endpoint="done")
        app.add_url_rule("/page.js", view_func=lambda: Response(SCRIPT, content_type="text/javascript"), endpoint="js")
        app.add_url_rule("/page.css", view_func=lambda: Response(STYLE, content_type="text/css"), endpoint="css")
        return app

    def _pay(self) -> Response:
        options = {"theme": "stripe", "redirect": "if_required", **request.args.to_dict()}
        response = Response(PAGE.format(sandbox=self.sandbox, **options), content_type="text/html")
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'self' {self.sandbox}; style-src 'self'; frame-src {self.sandbox}; "
            f"connect-src {self.sandbox}; base-uri 'none'; form-action 'self'"
        )
        return response


@pytest.fixture
def counter(url: str) -> Iterator[Counter]:
    counter = Counter(url)
    listening = make_server("127.0.0.1", 0, counter.app(), threaded=True)
    counter.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield counter
    listening.shutdown()
    thread.join()


@pytest.fixture
def payment(box: Sandbox) -> Record:
    with box.transaction():
        return intents.new_payment(box, "cus_ada", 9900, "usd")


class Till:
    """A customer in front of the shop's page."""

    def __init__(self, page: Page, counter: Counter, kind: str, intent: Record, **options: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        query = "&".join(f"{key}={value}" for key, value in options.items())
        page.goto(f"{counter.url}/pay?kind={kind}&secret={intent['client_secret']}&{query}")
        page.locator("body[data-ready]").wait_for()

    def _hear(self, message: ConsoleMessage) -> None:
        if not message.location["url"].endswith("/favicon.ico"):  # asked for by the browser, whenever it likes
            self.complaints.append(message.text)

    @property
    def card(self) -> FrameLocator:
        return self.page.frame_locator('iframe[title="Secure payment input frame"]')

    @property
    def bank(self) -> FrameLocator:
        return self.page.frame_locator('iframe[title="Card authentication"]')

    def pay(self, number: str) -> None:
        self.card.get_by_label("Card number").fill(number)
        self.card.get_by_label("Expiration date").fill("1234")
        self.card.get_by_label("Security code").fill("123")
        self.card.get_by_label("ZIP").fill("10001")
        self.page.get_by_role("button", name="Pay").click()

    def reads(self, text: str) -> None:
        expect(self.page.locator("#message")).to_have_text(re.compile(text))


def flaws(page: Page) -> list[str]:
    """What axe finds in the page, and inside its frames, which it cannot enter from outside.

    Rules that are no part of WCAG want landmarks and headings, which a frame in the middle of a page must not have.
    """
    wcag = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    found = [Axe().run(page), *(Axe().run(frame, options=wcag) for frame in page.frames[1:])]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for axe in found for one in axe.response["violations"]]


@pytest.mark.browser
def test_a_declined_card_is_told_and_the_same_secret_takes_another(
    page: Page, counter: Counter, payment: Record
) -> None:
    till = Till(page, counter, "Payment", payment)
    page.get_by_role("button", name="Pay").click()
    till.reads("validation_error incomplete_number")
    expect(till.card.get_by_label("Card number")).to_have_accessible_description("Your card number is incomplete.")
    till.pay("4000000000000002")
    till.reads("card_error card_declined: Your card was declined")
    till.pay("4242424242424242")
    till.reads("^succeeded$")
    assert payment["status"] == "succeeded"
    assert [line for line in till.complaints if "402" not in line] == []
    assert not any("4242" in seen for seen in counter.seen)


@pytest.mark.browser
def test_authentication_can_fail_be_cancelled_and_succeed(page: Page, counter: Counter, payment: Record) -> None:
    till = Till(page, counter, "Payment", payment, redirect="always")
    till.pay("4000002500003155")
    till.bank.get_by_role("button", name="Fail authentication").click()
    till.reads("payment_intent_authentication_failure")
    assert payment["status"] == "requires_payment_method"
    till.pay("4000002500003155")
    till.bank.get_by_role("button", name="Complete authentication").wait_for()
    page.keyboard.press("Escape")
    till.reads("payment_intent_authentication_failure")
    till.pay("4000002500003155")
    till.bank.get_by_role("button", name="Complete authentication").click()
    page.wait_for_url("**/done?**")
    came_back = parse_qs(urlsplit(page.url).query)
    assert came_back == {
        "order": ["7"],
        "payment_intent": [payment["id"]],
        "payment_intent_client_secret": [payment["client_secret"]],
        "redirect_status": ["succeeded"],
    }


@pytest.mark.browser
def test_leaving_during_authentication_grants_nothing(page: Page, counter: Counter, payment: Record) -> None:
    till = Till(page, counter, "Payment", payment)
    till.pay("4000002500003155")
    till.bank.get_by_role("button", name="Complete authentication").wait_for()
    assert flaws(page) == []
    page.goto("about:blank")
    assert payment["status"] == "requires_action"
    page.goto(f"{payment['next_action']['use_stripe_sdk']['stripe_js']}&return_url={counter.url}/done?order=7")
    page.get_by_role("button", name="Fail authentication").click()
    page.wait_for_url(f"{counter.url}/done?order=7&payment_intent=**&redirect_status=failed")
    again = Till(page, counter, "Payment", payment)
    again.pay("4242424242424242")
    again.reads("^succeeded$")


@pytest.mark.browser
def test_a_card_is_saved_on_a_dark_and_narrow_page(browser: Browser, counter: Counter, box: Sandbox) -> None:
    with box.transaction():
        setup = intents.new_setup(box, None)
    page = browser.new_page(viewport={"width": 320, "height": 640}, color_scheme="dark")
    till = Till(page, counter, "Setup", setup, theme="night")
    expect(till.card.get_by_text("you allow Nexus to charge your card")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    till.pay("5555555555554444")
    till.reads("^succeeded$")
    assert till.complaints == []
    assert flaws(page) == []
    with box.transaction():
        another = intents.new_setup(box, None)
    Till(page, counter, "Setup", another, theme="flat", redirect="always").pay("4242424242424242")
    page.wait_for_url(f"{counter.url}/done?order=7&setup_intent={another['id']}**redirect_status=succeeded")
    page.close()


@pytest.mark.browser
def test_the_keyboard_is_enough_and_the_look_follows_the_page(page: Page, counter: Counter, payment: Record) -> None:
    till = Till(page, counter, "Payment", payment)
    field = till.card.get_by_label("Card number")
    light = field.evaluate("(input) => getComputedStyle(input).backgroundColor")
    page.evaluate("""async () => {
      elements.on("update-end", () => { document.body.dataset.updated = "yes"; });
      await elements.update({ appearance: { theme: "night", variables: { colorPrimary: "#ff8800" } }, amount: 4200 });
    }""")
    page.locator("body[data-updated]").wait_for()
    assert field.evaluate("(input) => getComputedStyle(input).backgroundColor") != light
    page.evaluate("element.focus()")
    for typed in ("4000002500003155", "1234", "123"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.type("United States")
    page.keyboard.press("Tab")
    page.keyboard.type("10001")
    page.keyboard.press("Enter")
    till.reads("elements\\(\\) was told 4200 usd, but the PaymentIntent is over 9900 usd")
    page.evaluate("elements.update({ amount: 9900 })")
    till.card.get_by_label("ZIP").press("Enter")
    till.bank.get_by_role("button", name="Complete authentication").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    till.reads("^succeeded$")
    assert till.complaints == []


@pytest.mark.browser
def test_an_intent_confirmed_elsewhere_is_followed_and_ends_for_good(
    page: Page, counter: Counter, shop: Shop, client: stripe.StripeClient
) -> None:
    method = shop.v1.payment_methods.create({"type": "card", "card": {"token": "tok_authenticationRequired"}})
    wish = {"amount": 9900, "currency": "usd", "confirm": True, "payment_method": method.id}
    made = client.v1.payment_intents.create({**wish, "return_url": f"{counter.url}/done?order=7"})
    assert made.next_action.type == "redirect_to_url"
    till = Till(page, counter, "Payment", {"client_secret": made.client_secret})
    page.evaluate("(clientSecret) => void stripe.handleNextAction({ clientSecret })", made.client_secret)
    page.get_by_role("button", name="Complete authentication").click()
    page.wait_for_url(f"{counter.url}/done?order=7&payment_intent={made.id}**redirect_status=succeeded")

    till = Till(page, counter, "Payment", {"client_secret": made.client_secret})
    assert page.evaluate(FINISHED, made.client_secret) == {
        "retrieved": "succeeded",
        "next": "invalid_request_error intent_invalid_state",
        "load": "loaderror payment invalid_request_error",
        "types": "IntegrationError",
        "kind": "IntegrationError",
        "method": "IntegrationError",
        "secret": "payment_intent_invalid_parameter",
    }
    assert [line for line in till.complaints if "400" not in line] == []


FINISHED = """async (clientSecret) => {
  const { paymentIntent } = await stripe.retrievePaymentIntent(clientSecret);
  const { error } = await stripe.handleNextAction({ clientSecret });
  element.destroy();
  const other = stripe.elements({ clientSecret }).create("payment");
  const loading = new Promise((resolve) => {
    other.on("loaderror", ({ elementType, error: { type } }) => resolve(`loaderror ${elementType} ${type}`));
  });
  other.mount("#element");
  const thrown = async (deed) => {
    try { await deed(); } catch (problem) { return problem.name; }
  };
  const mode = { mode: "payment", amount: 100, currency: "usd" };
  return {
    retrieved: paymentIntent.status,
    next: `${error.type} ${error.code}`,
    load: await loading,
    types: await thrown(() => stripe.elements({ ...mode, paymentMethodTypes: ["card"] })),
    kind: await thrown(() => stripe.retrieveSetupIntent(clientSecret)),
    method: await thrown(() => stripe.confirmPayment({ clientSecret, redirect: "if_required" })),
    secret: (await stripe.retrievePaymentIntent(clientSecret.slice(0, -3) + "xyz")).error.code,
  };
}"""


@pytest.fixture
def pages(box: Sandbox) -> FlaskClient:
    return create_app(box).test_client()


def test_the_script_is_revalidated_by_its_etag(pages: FlaskClient) -> None:
    first = pages.get("/stripe.js")
    assert first.content_type == "text/javascript; charset=utf-8"
    assert pages.get("/stripe.js", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_the_card_fields_load_nothing_from_elsewhere(pages: FlaskClient) -> None:
    first, second = (pages.get("/hosted/payment-element") for _ in range(2))
    policy = first.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'nonce-")
    assert "unsafe" not in policy
    assert policy != second.headers["Content-Security-Policy"]
    assert "http" not in first.text.replace(" ", "").replace("http-equiv", "")


def test_the_issuers_page_wants_the_client_secret(pages: FlaskClient, payment: Record) -> None:
    address = f"/hosted/3ds/{payment['id']}"
    assert pages.get(address).status_code == 404
    assert pages.get(f"{address}?client_secret={payment['id']}_secret_guess").status_code == 404
    assert pages.get(f"/hosted/3ds/cus_ada?client_secret={payment['client_secret']}").status_code == 404
    assert pages.get(f"{address}?client_secret={payment['client_secret']}").status_code == 200


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example"])
def test_the_issuers_page_returns_to_web_addresses_only(pages: FlaskClient, payment: Record, address: str) -> None:
    query = {"client_secret": payment["client_secret"], "return_url": address}
    assert 'data-return-to=""' in pages.get(f"/hosted/3ds/{payment['id']}", query_string=query).text
