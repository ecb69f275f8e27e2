const INTENTS = {
  payment: { path: "/v1/payment_intents/", result: "paymentIntent", parameter: "payment_intent", last: "last_payment_error" },
  setup: { path: "/v1/setup_intents/", result: "setupIntent", parameter: "setup_intent", last: "last_setup_error" },
};

const UNREADABLE = { type: "api_error", message: "The payment service gave an answer that cannot be read." };

/** `pi_…_secret_…` and `seti_…_secret_…` carry the intent's id; anything else answers null. */
function parseSecret(secret) {
  const match = /^((pi|seti)_[A-Za-z0-9]+)_secret_[A-Za-z0-9]+$/.exec(secret);
  return match && { id: match[1], kind: match[2] === "pi" ? "payment" : "setup" };
}

/**
 * The few routes a browser may use, by publishable key. Every call resolves to `{intent}` or `{method}`, or else to
 * `{error}`, and never rejects. The key travels as a field, not as a header, so that no call needs a CORS preflight.
 */
function createApi(origin, key) {
  async function request(name, method, path, params) {
    const form = encodeForm({ ...params, key });
    const url = origin + path + (method === "GET" ? `?${form}` : "");
    try {
      const response = await fetch(url, { method, body: method === "GET" ? undefined : form, credentials: "omit" });
      const body = await response.json();
      return response.ok ? { [name]: body } : { error: body.error ?? UNREADABLE };
    } catch {
      const message = "The payment service could not be reached. Check your connection and try again.";
      return { error: { type: "api_connection_error", message } };
    }
  }

  return {
    createMethod: (params) => request("method", "POST", "/v1/payment_methods", params),
    retrieve: ({ id, kind }, secret) => request("intent", "GET", INTENTS[kind].path + id, { client_secret: secret }),
    confirm: ({ id, kind }, secret, params) =>
      request("intent", "POST", `${INTENTS[kind].path}${id}/confirm`, { ...params, client_secret: secret, use_stripe_sdk: true }),
  };
}
