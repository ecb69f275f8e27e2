const find = (id) => document.getElementById(id);
const onlyDigits = (length) => (text) => digitsOf(text).slice(0, length);

/** The five fields as one form: what is in it, whether it is complete, and which sentence stands where. */
class CardForm {
  #changed;
  #told = "";

  /** `clock()` answers the sandbox's time; `changed(state)` is called when the state of the form differs. */
  constructor(clock, changed) {
    this.#changed = changed;
    this.number = new Field(find("number"), checkNumber, formatNumber);
    this.expiry = new Field(find("expiry"), (text) => checkExpiry(text, clock()), formatExpiry);
    this.cvc = new Field(find("cvc"), (text) => checkCvc(text, this.brand), (text) => onlyDigits(this.brand.cvc)(text));
    this.country = new Field(find("country"), () => null);
    this.postal = new Field(find("postal"), (text) => checkPostal(text, this.country.value));
    this.fields = [this.number, this.expiry, this.cvc, this.country, this.postal];
    find("card").addEventListener("input", () => this.refresh());
  }

  get brand() {
    return brandOf(digitsOf(this.number.value));
  }

  get state() {
    return {
      empty: ![this.number, this.expiry, this.cvc].some((field) => field.value),
      complete: this.fields.every((field) => !field.problem()),
      collapsed: false,
      value: { type: "card" },
    };
  }

  /** Redraws what follows from the fields: brand and postal code. */
  refresh() {
    this.#drawBrand();
    this.#drawPostal();
    const told = JSON.stringify([this.state, this.brand.name]);
    if (this.#told && told !== this.#told) this.#changed(this.state);
    this.#told = told;
  }

  /** Shows every complaint and puts the focus on the first; answers its validation error, or null. */
  validate() {
    const wrong = this.fields.filter((field) => field.complain());
    if (wrong.length === 0) return null;
    wrong[0].input.focus();
    const code = wrong[0].problem();
    return { type: "validation_error", code, message: SENTENCES[code] };
  }

  /** Card and billing details in the shape of a payment method. */
  paymentMethodData() {
    const { month, year } = parseExpiry(this.expiry.value);
    const address = {
      country: this.country.shown ? this.country.value : undefined,
      postal_code: this.postal.shown ? this.postal.value.trim() : undefined,
    };
    const card = { number: digitsOf(this.number.value), exp_month: month, exp_year: year, cvc: this.cvc.value };
    return { type: "card", card, billing_details: { address } };
  }

  clear() {
    for (const field of [this.number, this.expiry, this.cvc, this.postal]) field.clear();
    this.refresh();
  }

  #drawBrand() {
    const { name, label, cvc } = this.brand;
    find("brands").dataset.brand = name;
    find("brand-name").textContent = label;
    this.cvc.input.placeholder = cvc === 4 ? "4 digits" : "CVC";
  }

  #drawPostal() {
    const rule = POSTAL[this.country.value];
    const field = this.postal.input.closest(".field");
    field.hidden = !rule || !this.country.shown || field.dataset.asked === "never";
    if (!rule) return;
    find("postal-label").textContent = rule.label;
    this.postal.input.placeholder = rule.placeholder;
    this.postal.input.inputMode = rule.numeric ? "numeric" : "text";
  }
}
