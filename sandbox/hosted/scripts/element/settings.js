function writeTerms(settings) {
  const terms = document.getElementById("terms");
  terms.hidden = !showsTerms(settings, settings.element);
  const seller = settings.element?.business?.name ?? "this business";
  terms.textContent =
    `By providing your card information, you allow ${seller} to charge your card for future payments in accordance with their terms.`;
}

/** Applies everything the page may change at any time: look, fields, terms. */
function applySettings(form, settings) {
  const { element = {}, appearance, surface } = settings;
  applyAppearance(appearance, surface);
  writeTerms(settings);
  form.country.input.closest(".field").hidden = asked(element.fields, "country") === "never";
  form.postal.input.closest(".field").dataset.asked = asked(element.fields, "postalCode");
  for (const { input } of form.fields) input.disabled = Boolean(element.readOnly);
  form.refresh();
}

/** The page's language if the browser knows it; "auto" and nonsense mean the customer's own. */
function languageOf(locale) {
  try {
    return Intl.DisplayNames.supportedLocalesOf(locale)[0] ?? navigator.language;
  } catch {
    return navigator.language;
  }
}

/** Country and postal code to begin with: the page's defaults, else the customer's region. */
function applyDefaults(form, { element = {}, locale }) {
  const address = element.defaultValues?.billingDetails?.address ?? {};
  fillCountries(form.country.input, languageOf(locale));
  form.country.input.value = address.country ?? guessCountry(navigator.language);
  form.postal.input.value = address.postal_code ?? "";
}
