// Paying with a saved card without leaving the page: our server charges it, and when the bank asks for the owner of the
// card, Stripe.js shows its question. Signed in, the form works without this file as long as no bank asks.

const form = document.getElementById("pay-form");
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

/** The bank's question. Its answer is looked up by the page that comes next, not believed here. */
async function askOwner(secret) {
  if (!window.Stripe) return fail(form.dataset.unloaded);
  const stripe = window.Stripe(form.dataset.publishableKey, { locale: form.dataset.locale });
  try {
    const { error: refused } = await stripe.handleNextAction({ clientSecret: secret });
    return refused ? fail(refused.message ?? form.dataset.unknown) : location.assign(form.dataset.page);
  } catch {
    return fail(form.dataset.unknown);
  }
}

async function pay() {
  const answer = await askServer();
  if (answer.token) form.elements.token.value = answer.token; // another press is another deed
  if (answer.redirect) return location.assign(answer.redirect);
  return answer.error ? fail(answer.error) : askOwner(answer.client_secret);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  say("");
  pay().catch(() => fail(form.dataset.unreachable));
});
form.querySelector("button[type=submit]").disabled = false;
