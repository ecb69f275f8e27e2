/** Whether the page wants to collect a detail itself: `fields.billingDetails` is a word or a tree of words. */
function asked(fields, name) {
  const billing = fields?.billingDetails ?? "auto";
  const address = typeof billing === "string" ? billing : (billing.address ?? "auto");
  return typeof address === "string" ? address : (address[name] ?? "auto");
}

/** Whether the form must carry the mandate that saving a card needs; a page that shows its own says "never". */
function showsTerms({ mode, setupFutureUsage, clientSecret }, element = {}) {
  const saves = mode === "setup" || mode === "subscription" || setupFutureUsage || parseSecret(clientSecret)?.kind === "setup";
  const wanted = element.terms?.card ?? "auto";
  return wanted === "always" || (wanted === "auto" && Boolean(saves));
}
