// What plain HTML cannot do by itself: keep a form from being sent twice, tell people where a swap put them, and copy.
// Every page works without this file.

const inFlight = new WeakSet();

function submitButtons(form) {
  return [...form.elements].filter((element) => element.type === "submit");
}

/** Mark a `data-busy` form as working. The buttons are disabled a moment later, or their name would not be sent. */
function hold(form) {
  inFlight.add(form);
  form.setAttribute("aria-busy", "true");
  setTimeout(() => {
    if (inFlight.has(form)) submitButtons(form).forEach((button) => (button.disabled = true));
  });
}

function release(form) {
  if (!inFlight.delete(form)) return;
  form.removeAttribute("aria-busy");
  submitButtons(form).forEach((button) => (button.disabled = false));
}

function say(text) {
  const flashes = document.getElementById("flashes");
  const line = document.createElement("p");
  line.className = "notice tone-danger";
  line.textContent = text;
  flashes?.replaceChildren(line);
}

// Capture: the second press is stopped before htmx or a page's own script hears of it.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-busy]")) return;
  if (inFlight.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  hold(form);
}, true);

// A page that handles the form itself (the card form) says when people may try again:
// form.dispatchEvent(new Event("busy:end", { bubbles: true })).
document.addEventListener("busy:end", (event) => release(event.target));

document.addEventListener("htmx:finally:request", (event) => {
  const form = event.detail.ctx.sourceElement?.closest?.("form");
  if (form) release(form);
});

// Back from the browser's page cache the form would still be busy.
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-busy]").forEach(release);
});

// What a timer fetches waits while nobody looks at the page.
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden && event.detail.ctx.sourceEvent?.type === "every") event.preventDefault();
});

// No answer at all. An answer with an error status is swapped in and speaks for itself.
document.addEventListener("htmx:error", (event) => {
  const { ctx } = event.detail;
  if (ctx && !ctx.response) say(document.getElementById("flashes")?.dataset.unreachable ?? "");
});

// After a deed the new heading (`data-focus`) gets the focus; what a timer swaps in must never take it.
// The first field in error has `autofocus`, which htmx obeys afterwards.
document.addEventListener("htmx:after:settle", (event) => {
  const { task, newContent } = event.detail;
  const origin = task.sourceElement;
  if (!origin?.matches?.("form, button, a")) return;
  for (const node of newContent) {
    const heading = node.matches?.("[data-focus]") ? node : node.querySelector?.("[data-focus]");
    if (!heading) continue;
    heading.tabIndex = -1;
    heading.focus();
    return;
  }
});

/** The words that people copy: all of a field, or what an element says. */
function select(source) {
  if (source.select) source.select();
  else getSelection().selectAllChildren(source);
}

// Copying needs https; without it the button stays away and people select for themselves.
if (navigator.clipboard) {
  document.querySelectorAll("[data-copies]").forEach((button) => (button.hidden = false));
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copies]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copies);
  select(source);
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    const label = button.querySelector("[data-copied]");
    label.textContent = button.nextElementSibling.textContent = label.dataset.copied;
  } catch {
    // The browser does not let us: what is to be copied is selected.
  }
});
