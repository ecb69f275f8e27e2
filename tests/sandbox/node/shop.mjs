// @ts-check
// What the year is made of: the client, the catalogue, a clock.

import assert from "node:assert/strict";
import Stripe from "stripe";

const address = new URL(process.argv[2]);
export const stripe = new Stripe("sk_test_sandbox", {
  host: address.hostname,
  port: address.port,
  protocol: "http",
  telemetry: false,
  maxNetworkRetries: 0,
});

export const DAY = 86400;
export const START = Date.UTC(2027, 0, 1) / 1000;
export const VAT = 0.19;

/** @param {number} net */
export const withVat = (net) => net + Math.round(net * VAT);

/** What is sold: plans in cents a month, and calls of a service at 2 cents each. */
export async function catalogue() {
  const product = await stripe.products.create({ name: "Counterfoil", unit_label: "seat" });
  /** @param {number} amount */
  const plan = (amount) =>
    stripe.prices.create({
      product: product.id,
      currency: "eur",
      unit_amount: amount,
      recurring: { interval: "month" },
      tax_behavior: "exclusive",
      lookup_key: `plan-${amount}`,
    });
  const meter = await stripe.billing.meters.create({
    display_name: "Calls",
    event_name: "calls",
    default_aggregation: { formula: "sum" },
    customer_mapping: { type: "by_id", event_payload_key: "stripe_customer_id" },
    value_settings: { event_payload_key: "value" },
  });
  const calls = await stripe.prices.create({
    product: product.id,
    currency: "eur",
    unit_amount: 2,
    recurring: { interval: "month", usage_type: "metered", meter: meter.id },
  });
  return { starter: await plan(4000), growth: await plan(10000), scale: await plan(25000), calls, meter };
}

/** A clock of the customer's own. */
export class Calendar {
  /** @param {Stripe.TestHelpers.TestClock} clock */
  constructor(clock) {
    this.clock = clock;
  }

  get now() {
    return this.clock.frozen_time;
  }

  /** @param {number} to */
  async turn(to) {
    this.clock = await stripe.testHelpers.testClocks.advance(this.clock.id, { frozen_time: to });
    while (this.clock.status === "advancing") {
      this.clock = await stripe.testHelpers.testClocks.retrieve(this.clock.id);
    }
    assert.equal(this.clock.status, "ready");
  }
}

/** @param {string} id */
export async function invoices(id) {
  const found = [];
  for await (const invoice of stripe.invoices.list({ subscription: id, limit: 2 })) found.unshift(invoice);
  return found;
}

/** @param {Stripe.Subscription} subscription */
export async function latest(subscription) {
  const found = await invoices(subscription.id);
  return found[found.length - 1];
}

/** @param {string} id */
export const reload = (id) => stripe.subscriptions.retrieve(id, { expand: ["schedule"] });

/** @param {Stripe.Subscription} subscription */
export const periodEnd = (subscription) => subscription.items.data[0].current_period_end;
