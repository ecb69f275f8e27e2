const FINISHED = ["succeeded", "processing", "requires_capture", "canceled"];
// Under which field a refusal of the card belongs; every other decline is the page's to show.
const FIELD_OF_ERROR = { incorrect_number: "number", invalid_number: "number", expired_card: "expiry", incorrect_cvc: "cvc", incorrect_zip: "postal" };

/** An intent that is over cannot be paid again: Stripe.js refuses to load or confirm with its secret. */
function refusal(intent) {
  if (!FINISHED.includes(intent.status)) return null;
  const message = `This client secret cannot be used any more: its intent is ${intent.status}.`;
  return { type: "invalid_request_error", code: "intent_invalid_state", message };
}

/** In the deferred flow the amount shown must be the amount charged. */
function mismatch(intent, { mode, amount, currency }) {
  if (!intent.id.startsWith("pi_") || !mode) return null;
  if (intent.amount === amount && intent.currency === currency) return null;
  const [shown, due] = [`${amount} ${currency}`, `${intent.amount} ${intent.currency}`];
  const message = `elements() was told ${shown}, but the PaymentIntent is over ${due}. Call elements.update() first.`;
  return { type: "invalid_request_error", message };
}

async function findUsable(api, settings, clientSecret) {
  const { intent, error } = await api.retrieve(parseSecret(clientSecret), clientSecret);
  return error ?? refusal(intent) ?? mismatch(intent, settings);
}

/** A country the page collects itself must come with the confirmation, or nobody has asked for it. */
function missingCountry(form, details) {
  if (form.country.shown || details?.address?.country) return null;
  const message =
    'fields.billingDetails has "never" for the country, so pass confirmParams.payment_method_data.billing_details.address.country.';
  return { type: "invalid_request_error", message };
}

/** Puts the page's own billing details over those of the form, field by field. */
function withDetails(data, { billing_details: extra = {}, ...rest } = {}) {
  const address = { ...data.billing_details.address, ...extra.address };
  return { ...rest, ...data, billing_details: { ...extra, address } };
}

/** Makes a payment method of the card in the form; the card goes to the sandbox and nowhere else. */
async function payWithCard(form, api, clientSecret, { payment_method_data: extra, ...params }) {
  const { method, error } = await api.createMethod(withDetails(form.paymentMethodData(), extra));
  if (error) return { error };
  const how = { ...params, payment_method: method.id, expected_payment_method_type: "card" };
  return api.confirm(parseSecret(clientSecret), clientSecret, how);
}

/** Checks the form and the intent, then confirms. Answers `{intent}` or `{error}`. */
async function confirmWithCard(form, api, settings, { clientSecret, confirmParams }) {
  const details = confirmParams.payment_method_data?.billing_details;
  const error = form.validate() ?? missingCountry(form, details) ?? (await findUsable(api, settings, clientSecret));
  if (error) return { error };
  const answer = await payWithCard(form, api, clientSecret, confirmParams);
  if (answer.error) form[FIELD_OF_ERROR[answer.error.code]]?.say(answer.error.message);
  return answer;
}
