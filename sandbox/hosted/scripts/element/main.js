/** The document inside the frame: its fields, and the conversation with the page that embeds it. */
const loadedAt = Date.now();
// The sandbox's time when this document was made, in Unix seconds; it runs on like any clock.
const sandboxTime = Number(document.documentElement.dataset.now) * 1000;
const clock = () => new Date(sandboxTime + Date.now() - loadedAt);

let settings = {};
let api = null;
let brand = "unknown";

const form = new CardForm(clock, (state) => {
  page?.tell("change", state);
  if (form.brand.name === brand) return;
  brand = form.brand.name;
  page?.tell("carddetailschange", { loading: false, details: { brands: [brand], funding: null } });
});

const page = connectToPage({
  async start(told) {
    settings = told;
    api = createApi(location.origin, told.key);
    applyDefaults(form, settings);
    applySettings(form, settings);
    reportHeight(page, document.body);
    return refresh();
  },
  update(told) {
    settings = told;
    applySettings(form, settings);
    return {};
  },
  submit() {
    const error = form.validate();
    return error ? { error } : { selectedPaymentMethod: "card" };
  },
  confirm: (request) => confirmWithCard(form, api, settings, request),
  refresh,
  clear: () => form.clear(),
  focus: () => form.number.input.focus(),
  blur: () => document.activeElement?.blur(),
});

/** With a client secret the form is of use only while its intent is still open. */
async function refresh() {
  const error = settings.clientSecret && (await findUsable(api, settings, settings.clientSecret));
  find("card").hidden = Boolean(error);
  return error ? { error } : {};
}

document.addEventListener("keydown", ({ key, target }) => {
  if (key === "Escape") page?.tell("escape");
  if (key === "Enter" && target instanceof HTMLInputElement) page?.tell("enter");
});
find("card").addEventListener("focusin", ({ relatedTarget }) => relatedTarget || page?.tell("focus"));
find("card").addEventListener("focusout", ({ relatedTarget }) => relatedTarget || page?.tell("blur"));
