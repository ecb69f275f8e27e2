// @ts-check
// A year in the life of a customer, told by Stripe's client for Node: `node year.mjs http://127.0.0.1:12111`.
// It ends with status 0 if every amount on the way is the expected one.

import assert from "node:assert/strict";
import Stripe from "stripe";

import { beginsWithATrial, paysAtOnce } from "./beginnings.mjs";
import { Calendar, catalogue, DAY, invoices, latest, periodEnd, reload, START, stripe, VAT, withVat } from "./shop.mjs";

/** @param {Calendar} calendar
 * @param {Stripe.Subscription} subscription */
async function renews(calendar, subscription) {
  await calendar.turn(periodEnd(subscription) + DAY);
  const renewal = await latest(subscription);
  assert.deepEqual([renewal.billing_reason, renewal.status], ["subscription_cycle", "paid"]);
  assert.equal(renewal.total, withVat(10000));
  return reload(subscription.id);
}

/** @param {Calendar} calendar
 * @param {Stripe.Subscription} subscription
 * @param {Stripe.Price} scale */
async function upgrades(calendar, subscription, scale) {
  await calendar.turn(calendar.now + 10 * DAY);
  /** @type {Pick<Stripe.SubscriptionUpdateParams, "items" | "proration_behavior" | "proration_date">} */
  const change = {
    items: [{ id: subscription.items.data[0].id, price: scale.id }],
    proration_behavior: "always_invoice",
    proration_date: calendar.now,
  };
  const preview = await stripe.invoices.createPreview({ subscription: subscription.id, subscription_details: change });
  const changed = await stripe.subscriptions.update(subscription.id, { ...change, expand: ["latest_invoice"] });
  const invoice = /** @type {Stripe.Invoice} */ (changed.latest_invoice);
  /** @param {Stripe.Invoice} one */
  const shown = (one) => ({
    total: one.total,
    due: one.amount_due,
    lines: one.lines.data.map((line) => [line.amount, line.period, line.taxes]),
  });
  assert.deepEqual(shown(invoice), shown(preview));
  const { current_period_start: start, current_period_end: end } = subscription.items.data[0];
  const left = (end - calendar.now) / (end - start);
  assert.deepEqual(
    invoice.lines.data.map((line) => line.amount),
    [-Math.round(10000 * left), Math.round(25000 * left)],
  );
  assert.equal(invoice.status, "paid");
  return reload(subscription.id);
}

/** @param {Calendar} calendar
 * @param {Stripe.Subscription} subscription
 * @param {Awaited<ReturnType<typeof catalogue>>} sold */
async function uses(calendar, subscription, sold) {
  await stripe.subscriptions.update(subscription.id, { items: [{ price: sold.calls.id }] });
  const customer = /** @type {string} */ (subscription.customer);
  for (const value of ["1000", "500"]) {
    await stripe.billing.meterEvents.create({
      event_name: "calls",
      payload: { stripe_customer_id: customer, value },
      identifier: `calls-${value}`,
      timestamp: calendar.now,
    });
  }
  const start = calendar.now - (calendar.now % DAY);
  const summaries = await stripe.billing.meters.listEventSummaries(sold.meter.id, {
    customer,
    start_time: start,
    end_time: start + DAY,
  });
  assert.equal(summaries.data[0].aggregated_value, 1500);
  await calendar.turn(periodEnd(subscription) + DAY);
  const invoice = await latest(subscription);
  assert.equal(invoice.total, 25000 + 3000 + Math.round(25000 * VAT) + Math.round(3000 * VAT));
  assert.equal(invoice.amount_paid, invoice.total);
  return invoice;
}

/** @param {Calendar} calendar
 * @param {Stripe.Subscription} subscription
 * @param {Stripe.Price} starter */
async function downgrades(calendar, subscription, starter) {
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
  const current = schedule.phases[0];
  const metered = /** @type {string} */ (current.items[1].price);
  const planned = await stripe.subscriptionSchedules.update(schedule.id, {
    end_behavior: "release",
    proration_behavior: "none",
    phases: [
      {
        items: current.items.map((item) => ({ price: /** @type {string} */ (item.price), quantity: item.quantity })),
        start_date: current.start_date,
        end_date: current.end_date,
        automatic_tax: { enabled: true },
      },
      {
        items: [{ price: starter.id, quantity: 1 }, { price: metered }],
        duration: { interval: "month", interval_count: 1 },
        proration_behavior: "none",
        automatic_tax: { enabled: true },
      },
    ],
  });
  assert.equal(planned.status, "active");
  assert.equal(planned.phases[1].items[0].price, starter.id);
  const waiting = await reload(subscription.id);
  assert.equal(/** @type {Stripe.SubscriptionSchedule} */ (waiting.schedule).id, schedule.id);
  await calendar.turn(periodEnd(subscription) + DAY);
  const invoice = await latest(subscription);
  assert.deepEqual([invoice.total, invoice.status], [withVat(4000), "paid"]);
  await calendar.turn(calendar.now + 32 * DAY);
  const over = await stripe.subscriptionSchedules.retrieve(schedule.id);
  assert.deepEqual([over.status, over.released_subscription], ["completed", subscription.id]);
  const after = await reload(subscription.id);
  assert.equal(after.schedule, null);
  assert.equal((await latest(after)).total, withVat(4000));
  return after;
}

/** @param {Stripe.Invoice} invoice */
async function isRefunded(invoice) {
  const payments = await stripe.invoicePayments.list({ invoice: /** @type {string} */ (invoice.id) });
  const intent = /** @type {string} */ (payments.data[0].payment.payment_intent);
  const refund = await stripe.refunds.create({
    payment_intent: intent,
    amount: 1000,
    reason: "requested_by_customer",
    expand: ["charge"],
  });
  assert.equal(refund.status, "succeeded");
  const charge = /** @type {Stripe.Charge} */ (refund.charge);
  assert.deepEqual([charge.amount_refunded, charge.refunded], [1000, false]);
}

/** A credit note to the balance, which the next invoice takes.
 * @param {Calendar} calendar
 * @param {Stripe.Subscription} subscription */
async function isCredited(calendar, subscription) {
  const invoice = await latest(subscription);
  const wish = { invoice: /** @type {string} */ (invoice.id), amount: 1190, credit_amount: 1190 };
  const preview = await stripe.creditNotes.preview(wish);
  const note = await stripe.creditNotes.create({ ...wish, reason: "order_change" });
  assert.deepEqual([note.total, note.status, note.type], [preview.total, "issued", "post_payment"]);
  const customer = await stripe.customers.retrieve(/** @type {string} */ (subscription.customer));
  assert.equal(customer.deleted ? null : customer.balance, -1190);
  const [booked] = (await stripe.customers.listBalanceTransactions(customer.id)).data;
  assert.deepEqual([booked.type, booked.amount, booked.credit_note], ["credit_note", -1190, note.id]);
  await calendar.turn(periodEnd(subscription) + DAY);
  const next = await latest(subscription);
  assert.deepEqual([next.total, next.amount_due, next.amount_paid], [withVat(4000), 4760 - 1190, 4760 - 1190]);
  assert.deepEqual([next.starting_balance, next.ending_balance], [-1190, 0]);
}

/** @param {Calendar} calendar
 * @param {Stripe.Subscription} subscription */
async function leaves(calendar, subscription) {
  const christmas = Date.UTC(2027, 11, 24) / 1000;
  while (calendar.now < christmas) await calendar.turn(Math.min(calendar.now + 30 * DAY, christmas));
  const ending = await stripe.subscriptions.update(subscription.id, {
    cancel_at_period_end: true,
    cancellation_details: { feedback: "too_expensive", comment: "Goodbye" },
  });
  assert.equal(ending.cancel_at, periodEnd(ending));
  await calendar.turn(periodEnd(ending) + DAY);
  const ended = await reload(subscription.id);
  assert.deepEqual([ended.status, ended.cancellation_details?.feedback], ["canceled", "too_expensive"]);
  assert.equal(ended.ended_at, periodEnd(ending));
}

/** Twelve months and an upgrade, paid to the last cent.
 * @param {string} id */
async function isPaidFor(id) {
  const all = await invoices(id);
  assert.deepEqual(new Set(all.map((invoice) => invoice.status)), new Set(["paid"]));
  assert.deepEqual(new Set(all.map((invoice) => invoice.amount_remaining)), new Set([0]));
  assert.equal(new Set(all.map((invoice) => invoice.number)).size, all.length);
  const renewals = all.filter((invoice) => invoice.billing_reason === "subscription_cycle");
  assert.equal(renewals.length, 12);
  for (const invoice of all) {
    const net = invoice.lines.data.reduce((sum, line) => sum + line.amount, 0);
    const tax = (invoice.total_taxes ?? []).reduce((sum, one) => sum + one.amount, 0);
    assert.equal(net + tax, invoice.total);
  }
}

const sold = await catalogue();
await paysAtOnce(sold.starter);
const calendar = new Calendar(await stripe.testHelpers.testClocks.create({ frozen_time: START, name: "A year" }));
let subscription = await beginsWithATrial(calendar, sold.growth);
subscription = await renews(calendar, subscription);
subscription = await upgrades(calendar, subscription, sold.scale);
const used = await uses(calendar, subscription, sold);
subscription = await downgrades(calendar, await reload(subscription.id), sold.starter);
await isRefunded(used);
await isCredited(calendar, subscription);
await leaves(calendar, subscription);
await isPaidFor(subscription.id);
