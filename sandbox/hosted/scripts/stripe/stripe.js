function checkKey(key) {
  insist(typeof key === "string" && key !== "", "Stripe() needs a publishable key.");
  insist(!/^(sk|rk)_/.test(key), "Stripe() was given a secret key. Never send one to a browser; use the publishable key.");
  insist(key.startsWith("pk_"), "Stripe() needs a publishable key that starts with pk_.");
}

async function retrieveIntent(api, kind, secret) {
  const parsed = parseSecret(secret);
  insist(parsed?.kind === kind, `This is not the client secret of a ${INTENTS[kind].result}.`);
  const { intent, error } = await api.retrieve(parsed, secret);
  return error ? { error } : { [INTENTS[kind].result]: intent };
}

async function handleNextAction(api, { clientSecret }) {
  const parsed = parseSecret(clientSecret);
  insist(parsed, "handleNextAction() needs a clientSecret of the form ${id}_secret_${secret}.");
  const found = await api.retrieve(parsed, clientSecret);
  if (found.error) return { error: found.error };
  if (found.intent.status !== "requires_action") {
    const message = `There is nothing to do next: the intent is ${found.intent.status}, not requires_action.`;
    return { error: { type: "invalid_request_error", code: "intent_invalid_state", message } };
  }
  const { intent, error } = await followNextAction(api, parsed.kind, found.intent);
  return error ? { error } : { [INTENTS[parsed.kind].result]: intent };
}

/** The global of Stripe.js. Options such as `apiVersion` and `stripeAccount` have no meaning to a one-version sandbox. */
function Stripe(key, _options) {
  checkKey(key);
  const api = createApi(SANDBOX, key);
  return {
    elements: (options = {}) => new Elements(key, options),
    confirmPayment: async (options) => confirmIntent(api, "payment", options),
    confirmSetup: async (options) => confirmIntent(api, "setup", options),
    retrievePaymentIntent: async (clientSecret) => retrieveIntent(api, "payment", clientSecret),
    retrieveSetupIntent: async (clientSecret) => retrieveIntent(api, "setup", clientSecret),
    handleNextAction: async (options) => handleNextAction(api, options),
  };
}

window.Stripe = Stripe;
