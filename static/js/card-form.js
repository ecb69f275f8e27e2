// The card form. Stripe.js owns the card fields; this file asks our server what to confirm and shows what went wrong.

const form = document.getElementById("card-form");
const error = document.getElementById("payment-error");

function say(sentence) {
  error.textContent = sentence;
  error.hidden = !sentence;
}

/** Say what went wrong and let people try again. */
function fail(sentence) {
  say(sentence);
  form.dispatchEvent(new Event("busy:end", { bubbles: true }));
}

/** A token of the page's palette, as the card fields in their own frame need it spelled out. */
function token(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  form.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function appearance() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  return {
    theme: dark ? "night" : "stripe",
    variables: {
      colorPrimary: token("--accent"),
      colorBackground: token("--sheet"),
      colorText: token("--ink"),
      colorDanger: token("--danger"),
      fontFamily: "Inter, system-ui, sans-serif",
      borderRadius: "4px",
    },
  };
}

/** What Stripe.js needs before there is an intent: the same amount the button shows. */
function elementsOptions({ mode, currency, amount, locale }) {
  const options = { mode, currency, locale, appearance: appearance() };
  return mode === "setup" ? { ...options, setupFutureUsage: "off_session" } : { ...options, amount: Number(amount) };
}

async function askServer() {
  // Our server compares the Referer, which a page with a secret address does not send by itself.
  const options = { method: "POST", body: new FormData(form), referrerPolicy: "same-origin" };
  const answer = await fetch(form.action, { ...options, headers: { Accept: "application/json" } });
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
  if (!isJson && answer.status === 409) return { error: form.dataset.stale };
  if (answer.status === 429) return { error: form.dataset.tooMany };
  if (!isJson) return answer.redirected ? { redirect: answer.url } : { error: form.dataset.unreachable };
  return answer.json();
}

/** Show the server's word next to each field it is about, and the first of them to the reader. */
function showFieldErrors(errors) {
  for (const [name, sentences] of Object.entries(errors)) {
    const wrong = field(name);
    wrong?.setCustomValidity(sentences.join(" "));
    wrong?.addEventListener("input", () => wrong.setCustomValidity(""), { once: true });
  }
  form.reportValidity();
}

/** A field by its name; none on a form that does not ask for it. */
function field(name) {
  return form.elements.namedItem(name);
}

/** What the form asks beside the card. */
function billingDetails() {
  const details = {};
  if (field("name")) details.name = field("name").value;
  if (field("country")) details.address = { country: field("country").value };
  return details;
}

/** The card fields; they ask for the country themselves, unless our form does. */
function cardFields(elements) {
  const address = { country: field("country") ? "never" : "auto" };
  return elements.create("payment", { layout: "tabs", fields: { billingDetails: { address } } });
}

async function confirm(stripe, elements) {
  const { error: incomplete } = await elements.submit();
  if (incomplete) return fail(incomplete.message);
  const answer = await askServer();
  if (answer.redirect) return location.assign(answer.redirect);
  if (answer.errors) showFieldErrors(answer.errors);
  if (answer.error) return fail(answer.error);
  const send = answer.kind === "setup" ? stripe.confirmSetup : stripe.confirmPayment;
  const confirmParams = { return_url: form.dataset.returnUrl, payment_method_data: { billing_details: billingDetails() } };
  try {
    const { error: declined } = await send.call(stripe, { elements, clientSecret: answer.client_secret, confirmParams });
    return fail(declined.message ?? form.dataset.unknown);
  } catch {
    return fail(form.dataset.unknown); // the bank may have heard us although we did not hear the bank
  }
}

function start() {
  if (!window.Stripe) return fail(form.dataset.unloaded);
  const stripe = window.Stripe(form.dataset.publishableKey, { locale: form.dataset.locale });
  const elements = stripe.elements(elementsOptions(form.dataset));
  const card = cardFields(elements);
  card.on("loaderror", () => fail(form.dataset.unloaded));
  card.mount("#card-slot");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    say("");
    confirm(stripe, elements).catch(() => fail(form.dataset.unreachable));
  });
  form.querySelector("button[type=submit]").disabled = false;
}

start();
