/** The issuer's question: in a dialog over the page, or as a page of its own that the customer is sent back from. */
const { secret, key, returnTo } = document.documentElement.dataset;
const question = document.getElementById("question");
const buttons = document.querySelectorAll("button[name=outcome]");
const page = connectToPage({ cancel: () => decide("fail") });

async function decide(outcome) {
  setBusy(true);
  try {
    await send(outcome);
    await leave();
  } catch {
    document.getElementById("trouble").textContent = "Your bank could not be reached. Try again.";
    setBusy(false);
  }
}

/** Tells the sandbox the customer's answer; that the card is then declined (402) is an outcome, not trouble. */
async function send(outcome) {
  const body = new URLSearchParams({ client_secret: secret, outcome });
  const response = await fetch(`/_browser/3ds/${parseSecret(secret).id}`, { method: "POST", body });
  if (!response.ok && response.status !== 402) throw new Error(String(response.status));
}

async function leave() {
  if (page) return page.tell("done");
  const asked = parseSecret(secret);
  const { intent, error } = await createApi(location.origin, key).retrieve(asked, secret);
  if (error) throw new Error(error.message);
  if (returnTo) return location.replace(returnUrl(returnTo, asked.kind, intent));
  document.getElementById("trouble").textContent = "Done. You can close this page.";
}

function setBusy(busy) {
  for (const button of buttons) button.disabled = busy;
}

function listen() {
  question.addEventListener("submit", (event) => {
    event.preventDefault();
    void decide(event.submitter.value);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && page) void decide("fail");
  });
}

if (page) reportHeight(page, document.body);
// Without a question the intent was settled elsewhere, and the page around may go on.
if (question) listen();
else page?.tell("done");
