// What `redirect_status` says of each final state; every other state means that the payment is not made.
const RETURN_STATUS = { succeeded: "succeeded", processing: "pending", requires_capture: "succeeded" };

/** The return URL with the intent's id, its secret and a display hint added to the parameters it already has. */
function returnUrl(base, kind, intent) {
  const url = new URL(base);
  const { parameter } = INTENTS[kind];
  url.searchParams.set(parameter, intent.id);
  url.searchParams.set(`${parameter}_client_secret`, intent.client_secret);
  url.searchParams.set("redirect_status", RETURN_STATUS[intent.status] ?? "failed");
  return url.href;
}
