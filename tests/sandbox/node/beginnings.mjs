// @ts-check
// How a customer becomes one: on the spot, or after a trial.

import assert from "node:assert/strict";
import Stripe from "stripe";

import { Calendar, DAY, latest, reload, START, stripe, withVat } from "./shop.mjs";

/** Somebody pays for the first month on the spot.
 * @param {Stripe.Price} price */
export async function paysAtOnce(price) {
  const customer = await stripe.customers.create({ name: "Bob", email: "bob@example.com" });
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id, quantity: 3 }],
    payment_behavior: "default_incomplete",
    payment_settings: { save_default_payment_method: "on_subscription" },
    expand: ["latest_invoice.confirmation_secret"],
  });
  assert.equal(subscription.status, "incomplete");
  const invoice = /** @type {Stripe.Invoice} */ (subscription.latest_invoice);
  assert.equal(invoice.amount_due, 3 * 4000);
  const [intent] = (invoice.confirmation_secret?.client_secret ?? "").split("_secret_");
  const paid = await stripe.paymentIntents.confirm(intent, {
    payment_method: "pm_card_visa",
    return_url: "https://example.com/done",
  });
  assert.equal(paid.status, "succeeded");
  const active = await reload(subscription.id);
  assert.equal(active.status, "active");
  assert.equal(active.default_payment_method, paid.payment_method);
}

/** @param {Calendar} calendar
 * @param {Stripe.Price} growth */
export async function beginsWithATrial(calendar, growth) {
  const customer = await stripe.customers.create({
    name: "Ada",
    email: "ada@example.com",
    address: { line1: "Unter den Linden 1", postal_code: "10117", city: "Berlin", country: "DE" },
    tax: { validate_location: "immediately" },
    test_clock: calendar.clock.id,
  });
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: growth.id }],
    trial_period_days: 14,
    automatic_tax: { enabled: true },
    payment_behavior: "default_incomplete",
    payment_settings: { save_default_payment_method: "on_subscription" },
    expand: ["pending_setup_intent", "latest_invoice"],
  });
  assert.equal(subscription.status, "trialing");
  assert.equal(/** @type {Stripe.Invoice} */ (subscription.latest_invoice).total, 0);
  const intent = /** @type {Stripe.SetupIntent} */ (subscription.pending_setup_intent);
  const saved = await stripe.setupIntents.confirm(intent.id, {
    payment_method: "pm_card_visa",
    return_url: "https://example.com/done",
  });
  assert.equal(saved.status, "succeeded");
  await calendar.turn(START + 15 * DAY);
  const first = await latest(subscription);
  assert.deepEqual([first.status, first.total, first.amount_paid], ["paid", withVat(10000), withVat(10000)]);
  assert.equal(first.total_taxes?.[0].taxability_reason, "standard_rated");
  return reload(subscription.id);
}
