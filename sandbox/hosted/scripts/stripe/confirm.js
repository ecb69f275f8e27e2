/** Leaves for `url`; the caller's promise never settles, because the page is going away. */
function leaveFor(url) {
  window.location.assign(url);
  return new Promise(() => {});
}

/** Reads how the authentication ended from the intent itself: its state is the truth, not what the frame said. */
async function afterChallenge(api, kind, secret) {
  const { intent, error } = await api.retrieve(parseSecret(secret), secret);
  if (error || RETURN_STATUS[intent.status]) return { intent, error };
  const { last, parameter } = INTENTS[kind];
  const fallback = {
    type: "invalid_request_error",
    code: `${parameter}_authentication_failure`,
    message: "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
  };
  // The intent's own words about this are meant for developers; about anything else, such as a decline, for the customer.
  const known = intent[last] && intent[last].code !== fallback.code ? intent[last] : { ...intent[last], ...fallback };
  return { error: { ...known, [parameter]: intent } };
}

/** Does what the intent asks for next, if anything: the modal for 3-D Secure, or the page it redirects to. */
async function followNextAction(api, kind, intent) {
  if (intent.status !== "requires_action") return { intent };
  const action = intent.next_action;
  if (action.type === "redirect_to_url") return leaveFor(action.redirect_to_url.url);
  await runChallenge(action.use_stripe_sdk.stripe_js);
  return afterChallenge(api, kind, intent.client_secret);
}

function checkConfirmation({ elements, clientSecret, confirmParams = {}, redirect = "always" }) {
  insist(["always", "if_required"].includes(redirect), 'redirect must be "always" or "if_required".');
  insist(redirect === "if_required" || confirmParams.return_url, "confirmParams.return_url is needed unless redirect is if_required.");
  insist(
    elements instanceof Elements || (clientSecret && confirmParams.payment_method),
    "Pass elements, or a clientSecret with confirmParams.payment_method.",
  );
  if (confirmParams.return_url) {
    insist(/^https?:\/\//.test(confirmParams.return_url), "confirmParams.return_url must be a full http or https address.");
  }
}

async function confirmIntent(api, kind, options) {
  checkConfirmation(options);
  const { elements, clientSecret, confirmParams = {}, redirect = "always" } = options;
  if (!elements) checkSecret(kind, clientSecret);
  const first = elements
    ? await elements._confirm(kind, clientSecret, confirmParams)
    : await api.confirm(parseSecret(clientSecret), clientSecret, confirmParams);
  const { intent, error } = first.error ? first : await followNextAction(api, kind, first.intent);
  if (error) return { error };
  if (redirect === "always") return leaveFor(returnUrl(confirmParams.return_url, kind, intent));
  return { [INTENTS[kind].result]: intent };
}
