"""Billing credits: grants, what invoices take of them, balances and transactions."""

import pytest
import stripe

from tests.sandbox.test_usage import Meter

DAY, YEAR = 86400, 365 * 86400


class Account:
    """A customer with a metered subscription at $1 a call, and grants to pay for it."""

    def __init__(self, shop):
        self.shop, self.v1 = shop, shop.v1
        self.meter = Meter(shop)
        self.customer = self.meter.customer
        self.price = self.meter.price("100", name="Calls")

    def grant(self, value=1000, **more):
        params = {
            "customer": self.customer.id,
            "amount": {"type": "monetary", "monetary": {"currency": "usd", "value": value}},
            "applicability_config": {"scope": {"price_type": "metered"}},
        }
        return self.v1.billing.credit_grants.create({**params, **more})

    def subscribe(self, *prices, **more):
        return self.shop.subscribe(self.customer, self.price, *prices, **more)

    def summary(self, **scope):
        scope = scope or {"price_type": "metered"}
        wish = {"type": "applicability_scope", "applicability_scope": scope}
        return self.v1.billing.credit_balance_summary.retrieve({"customer": self.customer.id, "filter": wish})

    def balance(self, **scope):
        """Available and ledger balance."""
        (found,) = self.summary(**scope).balances
        return found.available_balance.monetary.value, found.ledger_balance.monetary.value

    def transactions(self, **more):
        """Kind and amount of each transaction, oldest first."""
        params = {"customer": self.customer.id, "limit": 100, **more}
        found = self.v1.billing.credit_balance_transactions.list(params).data[::-1]
        return [(side.type, side.amount.monetary.value) for side in (one[one.type] for one in found)]


@pytest.fixture
def account(shop):
    return Account(shop)


def credits_of(thing):
    return [one.amount for one in thing.pretax_credit_amounts]


def test_a_grant_is_credit_from_now_on(account, received):
    received()
    grant = account.grant(name="Welcome", metadata={"why": "hello"})
    assert (grant.object, grant.category, grant.priority, grant.expires_at) == (
        "billing.credit_grant",
        "paid",
        50,
        None,
    )
    assert (grant.effective_at, grant.voided_at, grant.metadata["why"]) == (grant.created, None, "hello")
    assert received() == ["billing.credit_grant.created", "billing.credit_balance_transaction.created"]
    assert account.balance() == (1000, 1000)
    (transaction,) = account.v1.billing.credit_balance_transactions.list({"credit_grant": grant.id}).data
    assert (transaction.credit.type, transaction.debit) == ("credits_granted", None)
    expand = {"expand": ["credit_grant"]}
    assert (
        account.v1.billing.credit_balance_transactions.retrieve(transaction.id, expand).credit_grant.name == "Welcome"
    )
    assert account.v1.billing.credit_grants.retrieve(grant.id).id == grant.id
    assert [one.id for one in account.v1.billing.credit_grants.list({"customer": account.customer.id})] == [grant.id]


def test_credits_pay_for_metered_lines_when_the_invoice_is_final(account, shop, clock):
    account.grant(1000)
    subscription = account.subscribe(shop.price(5000))
    assert shop.reload(subscription).latest_invoice.total == 5000
    account.meter.report("7")
    clock.turn(by="1 month")
    draft = shop.reload(subscription).latest_invoice
    assert (draft.status, draft.total, account.balance()) == ("draft", 5700, (1000, 1000))
    clock.turn(by="1 hour")
    invoice = shop.reload(subscription).latest_invoice
    assert (invoice.subtotal, invoice.total, invoice.amount_paid, invoice.status) == (5700, 5000, 5000, "paid")
    assert sorted(credits_of(line) for line in invoice.lines.data) == [[], [700]]
    (total,) = invoice.total_pretax_credit_amounts
    assert (total.amount, total.type) == (700, "credit_balance_transaction")
    transaction = account.v1.billing.credit_balance_transactions.retrieve(total.credit_balance_transaction)
    line = next(one for one in invoice.lines.data if one.pretax_credit_amounts)
    applied = transaction.debit.credits_applied
    assert (applied.invoice, applied.invoice_line_item) == (invoice.id, line.id)
    assert account.balance() == (300, 300)
    assert account.transactions() == [("credits_granted", 1000), ("credits_applied", 700)]


def test_credits_come_after_discounts_and_before_taxes(account, shop, clock):
    account.grant(300)
    coupon = shop.v1.coupons.create({"percent_off": 50, "duration": "forever"})
    rate = shop.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    subscription = account.subscribe(discounts=[{"coupon": coupon.id}], default_tax_rates=[rate.id])
    account.meter.report("10")
    clock.turn(by="1 month")
    clock.turn(by="1 hour")
    invoice = shop.reload(subscription).latest_invoice
    assert (invoice.subtotal, invoice.total_taxes[0].taxable_amount, invoice.total) == (1000, 200, 220)
    for taken in (invoice.lines.data[0].pretax_credit_amounts, invoice.total_pretax_credit_amounts):
        assert [(one.type, one.amount) for one in taken] == [("discount", 500), ("credit_balance_transaction", 300)]
    assert invoice.total_pretax_credit_amounts[0].discount == invoice.discounts[0]


def test_credits_that_cover_everything_leave_nothing_to_pay(account, shop, clock):
    account.grant(1000)
    subscription = account.subscribe()
    account.meter.report("10")
    clock.turn(by="32 days")
    invoice = shop.reload(subscription).latest_invoice
    assert (invoice.status, invoice.total, invoice.amount_paid) == ("paid", 0, 0)


def test_a_preview_shows_credits_and_takes_none(account, clock):
    account.grant(1000)
    subscription = account.subscribe()
    account.meter.report("7")
    preview = account.v1.invoices.create_preview({"subscription": subscription.id})
    assert (preview.subtotal, preview.total) == (700, 0)
    (credit,) = preview.total_pretax_credit_amounts
    assert (credit.amount, credit.credit_balance_transaction) == (700, None)
    assert (account.balance(), account.transactions()) == ((1000, 1000), [("credits_granted", 1000)])


def test_grants_are_used_in_the_order_stripe_names(account, shop, clock):
    soon, late = clock.now() + 90 * DAY, clock.now() + YEAR
    grants = [
        account.grant(100),
        account.grant(100, effective_at=clock.now() - DAY),
        account.grant(100, category="promotional"),
        account.grant(100, expires_at=late),
        account.grant(100, expires_at=soon),
        account.grant(100, priority=10),
    ]
    subscription = account.subscribe()
    account.meter.report("6")
    clock.turn(by="32 days")
    invoice = shop.reload(subscription).latest_invoice
    ids = [one.credit_balance_transaction for one in invoice.total_pretax_credit_amounts]
    used = [account.v1.billing.credit_balance_transactions.retrieve(id).credit_grant for id in ids]
    assert used == [grants[index].id for index in (5, 4, 3, 2, 1, 0)]


def test_grants_pay_only_for_what_they_were_given_for(account, shop, clock):
    other = account.meter.price("100", name="Other calls")
    account.grant(1000, applicability_config={"scope": {"prices": [{"id": other.id}]}})
    account.grant(1000, amount={"type": "monetary", "monetary": {"currency": "eur", "value": 1000}})
    account.grant(1000, effective_at=clock.now() + YEAR)
    subscription = account.subscribe()
    account.meter.report("7")
    clock.turn(by="32 days")
    assert shop.reload(subscription).latest_invoice.total == 700
    subscription = account.subscribe(items=[{"price": other.id}])
    account.meter.report("7")
    clock.turn(by="32 days")
    assert shop.reload(subscription).latest_invoice.total == 0


def test_a_balance_has_an_entry_per_currency_and_a_filter(account, shop, clock):
    other = account.meter.price("100")
    assert account.summary().balances == []
    account.grant(500)
    account.grant(70, effective_at=clock.now() + DAY)
    named = account.grant(3, applicability_config={"scope": {"prices": [{"id": other.id}]}})
    euros = account.grant(0, amount={"type": "monetary", "monetary": {"currency": "EUR", "value": 9}})
    account.v1.billing.credit_grants.void_grant(euros.id)
    values = [
        (one.available_balance.monetary.currency, one.available_balance.monetary.value)
        for one in account.summary().balances
    ]
    assert values == [("usd", 500), ("eur", 0)]
    wish = {"type": "credit_grant", "credit_grant": named.id}
    found = account.v1.billing.credit_balance_summary.retrieve(
        {"customer": account.customer.id, "filter": wish, "expand": ["customer"]}
    )
    assert (found.balances[0].ledger_balance.monetary.value, found.customer.id) == (3, account.customer.id)
    usd = account.summary(prices=[{"id": other.id}]).balances[0]
    assert (usd.available_balance.monetary.value, usd.ledger_balance.monetary.value) == (503, 573)


def test_voiding_an_invoice_gives_its_credits_back(account, shop, clock):
    grant = account.grant(500, expires_at=clock.now() + 40 * DAY)
    shop.v1.customers.update(account.customer.id, {"invoice_settings": {"default_payment_method": ""}})
    subscription = account.subscribe(collection_method="send_invoice", days_until_due=30)
    account.meter.report("7")
    clock.turn(by="32 days")
    invoice = shop.reload(subscription).latest_invoice
    assert (invoice.status, invoice.amount_due, account.balance()) == ("open", 200, (0, 0))
    with pytest.raises(stripe.InvalidRequestError):
        account.v1.billing.credit_grants.void_grant(grant.id)
    shop.v1.invoices.void_invoice(invoice.id)
    assert account.balance() == (500, 500)
    last = account.v1.billing.credit_balance_transactions.list({"credit_grant": grant.id}).data[0].credit
    voided = last.credits_application_invoice_voided
    assert (last.type, voided.invoice) == ("credits_application_invoice_voided", invoice.id)


def test_credits_that_come_back_too_late_expire_at_once(account, shop, clock):
    account.grant(500, expires_at=clock.now() + 40 * DAY)
    subscription = account.subscribe(collection_method="send_invoice", days_until_due=30)
    account.meter.report("7")
    clock.turn(by="32 days")
    clock.turn(by="10 days")
    shop.v1.invoices.void_invoice(shop.invoices(subscription)[0].id)
    assert account.balance() == (0, 0)
    assert account.transactions()[1:] == [
        ("credits_applied", 500),
        ("credits_application_invoice_voided", 500),
        ("credits_expired", 500),
    ]


def test_a_grant_expires_by_itself(account, clock, received):
    account.grant(expires_at=clock.now() + 10 * DAY)
    received()
    clock.turn(by="9 days")
    assert (received(), account.balance()) == ([], (1000, 1000))
    clock.turn(by="2 days")
    assert (received(), account.balance()) == (["billing.credit_balance_transaction.created"], (0, 0))
    assert account.transactions()[-1] == ("credits_expired", 1000)


def test_a_grant_is_expired_and_voided_by_hand(account, received):
    first, second = account.grant(), account.grant()
    received()
    expired = account.v1.billing.credit_grants.expire(first.id)
    assert (expired.voided_at, expired.expires_at is not None) == (None, True)
    voided = account.v1.billing.credit_grants.void_grant(second.id)
    assert voided.voided_at is not None
    told = ["billing.credit_grant.updated", "billing.credit_balance_transaction.created"]
    assert received() == [*told, *told]
    assert account.transactions()[2:] == [("credits_expired", 1000), ("credits_voided", 1000)]
    for grant in (first, second):
        for deed in ("expire", "void_grant"):
            with pytest.raises(stripe.InvalidRequestError):
                getattr(account.v1.billing.credit_grants, deed)(grant.id)


def test_the_end_of_a_grant_can_be_moved_and_taken_away(account, clock, received):
    grant = account.grant(expires_at=clock.now() + 10 * DAY, metadata={"a": "1"})
    received()
    changes = {"expires_at": clock.now() + 20 * DAY, "metadata": {"b": "2"}}
    moved = account.v1.billing.credit_grants.update(grant.id, changes)
    assert (moved.expires_at, moved.metadata.to_dict()) == (changes["expires_at"], {"a": "1", "b": "2"})
    assert received() == ["billing.credit_grant.updated"]
    assert account.v1.billing.credit_grants.update(grant.id, {"expires_at": ""}).expires_at is None
    with pytest.raises(stripe.InvalidRequestError) as error:
        account.v1.billing.credit_grants.update(grant.id, {"expires_at": clock.now() - 1})
    assert error.value.param == "expires_at"
    account.v1.billing.credit_grants.expire(grant.id)
    with pytest.raises(stripe.InvalidRequestError):
        account.v1.billing.credit_grants.update(grant.id, {"expires_at": clock.now() + DAY})


def money(value=1, currency="usd"):
    return {"type": "monetary", "monetary": {"currency": currency, "value": value}}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"amount": money(0)}, "amount[monetary][value]"),
        ({"amount": money(-5)}, "amount[monetary][value]"),
        ({"amount": {"type": "custom"}}, "amount[type]"),
        ({"customer": "cus_no"}, "customer"),
        ({"priority": 101}, "priority"),
        ({"priority": -1}, "priority"),
        ({"category": "gift"}, "category"),
        ({"expires_at": 1}, "expires_at"),
        ({"customer_account": "acct_1"}, "customer_account"),
        ({"applicability_config": {"scope": {"price_type": "licensed"}}}, "applicability_config[scope][price_type]"),
        (
            {"applicability_config": {"scope": {"price_type": "metered", "prices": [{"id": "price_1"}]}}},
            "applicability_config[scope]",
        ),
        (
            {"applicability_config": {"scope": {"prices": [{"id": "price_no"}]}}},
            "applicability_config[scope][prices][0][id]",
        ),
        (
            {"applicability_config": {"scope": {"prices": [{"id": "price_no"}] * 21}}},
            "applicability_config[scope][prices]",
        ),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(account, change, param):
    with pytest.raises(stripe.InvalidRequestError) as error:
        account.grant(**change)
    assert error.value.param == param


def test_a_grant_for_a_price_without_a_meter_is_refused(account, shop):
    with pytest.raises(stripe.InvalidRequestError) as error:
        account.grant(applicability_config={"scope": {"prices": [{"id": shop.price().id}]}})
    assert error.value.param == "applicability_config[scope][prices][0][id]"


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"filter": {"type": "credit_grant", "credit_grant": "x"}}, "customer"),
        ({"customer": "cus_no", "filter": {"type": "credit_grant", "credit_grant": "x"}}, "customer"),
        ({"filter": {"type": "credit_grant"}, "customer": "ada"}, "filter[credit_grant]"),
        ({"filter": {"type": "credit_grant", "credit_grant": "x"}, "customer": "ada"}, "filter[credit_grant]"),
        (
            {"filter": {"type": "applicability_scope", "applicability_scope": {"prices": []}}, "customer": "ada"},
            "filter[applicability_scope]",
        ),
    ],
)
def test_a_balance_needs_a_customer_and_a_filter(account, box, params, param):
    if params.get("customer") == "ada":
        params = {**params, "customer": account.customer.id}
    with pytest.raises(stripe.InvalidRequestError) as error:
        account.v1.billing.credit_balance_summary.retrieve(params)
    assert error.value.param == param
    box.observation.clear()


def test_a_grant_needs_a_customer_and_an_amount(account, box):
    for change, param in (({"customer": None}, "customer"), ({"amount": {"type": "monetary"}}, "amount[monetary]")):
        with pytest.raises(stripe.InvalidRequestError) as error:
            account.grant(**change)
        assert error.value.param == param
    box.observation.clear()


def test_a_customer_has_at_most_100_unused_grants(account):
    grants = [account.grant(1) for _ in range(100)]
    with pytest.raises(stripe.InvalidRequestError) as error:
        account.grant(1)
    assert error.value.param == "customer"
    account.v1.billing.credit_grants.void_grant(grants[0].id)
    account.grant(1)
