/** A mistake of the integrating page, thrown where Stripe.js throws; customers never see one. */
class IntegrationError extends Error {
  name = "IntegrationError";
}

function insist(condition, message) {
  if (!condition) throw new IntegrationError(message);
}
