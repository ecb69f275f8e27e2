const MODES = ["payment", "setup", "subscription"];

function checkDeferred({ mode, amount, currency }) {
  insist(MODES.includes(mode), `elements(): mode must be one of ${MODES.join(", ")}, or pass a clientSecret.`);
  if (mode === "setup" && currency === undefined) return;
  insist(/^[a-z]{3}$/.test(currency), "elements(): currency must be a three-letter ISO code in lowercase.");
  if (mode !== "setup") {
    insist(Number.isInteger(amount) && amount >= 0, "elements(): amount must be an integer of the currency's minor unit.");
  }
}

function checkElementsOptions(options) {
  insist(
    !("paymentMethodTypes" in options),
    "elements(): paymentMethodTypes is no longer supported. Use allowedPaymentMethodTypes or excludedPaymentMethodTypes.",
  );
  insist(
    !(options.allowedPaymentMethodTypes && options.excludedPaymentMethodTypes),
    "elements(): pass either allowedPaymentMethodTypes or excludedPaymentMethodTypes, not both.",
  );
  insist(
    !("customerSessionClientSecret" in options),
    "elements(): the sandbox keeps no saved payment methods in the Element, so customerSessionClientSecret is not supported.",
  );
  if (options.clientSecret === undefined) return checkDeferred(options);
  insist(options.mode === undefined, "elements(): pass either a clientSecret or a mode, not both.");
  insist(parseSecret(options.clientSecret), "elements(): clientSecret must look like ${id}_secret_${secret}.");
}

function checkSecret(kind, secret) {
  const parsed = parseSecret(secret);
  insist(parsed, "A clientSecret of the form ${id}_secret_${secret} is needed for the confirmation.");
  insist(parsed.kind === kind, `This client secret belongs to a ${INTENTS[parsed.kind].result}; use the other confirm call.`);
}

/** The group around the Payment Element, in either flow: with a client secret, or deferred by `mode`. */
class Elements extends Emitter {
  #key;
  #options;
  #element = null;
  #submitted = false;

  constructor(key, options) {
    super();
    checkElementsOptions(options);
    this.#key = key;
    this.#options = options;
  }

  create(type, options = {}) {
    insist(type === "payment", `The sandbox has the payment Element only, not "${type}".`);
    insist(!this.#element, "Only one Element of type payment can be created in a group.");
    this.#element = new PaymentElement(() => this.#settings(), options, () => {
      this.#element = null;
    });
    return this.#element;
  }

  getElement(type) {
    return type === "payment" ? this.#element : null;
  }

  async submit() {
    const answer = await this.#present()._ask("submit");
    this.#submitted = !answer.error;
    return answer;
  }

  async update(options) {
    const merged = { ...this.#options, ...options };
    checkElementsOptions(merged);
    this.#options = merged;
    await this.#element?._applySettings();
    this._emit("update-end");
  }

  async fetchUpdates() {
    insist(this.#options.clientSecret, "elements.fetchUpdates() needs Elements created with a clientSecret.");
    const { error } = await this.#present()._ask("refresh");
    return error ? { error } : {};
  }

  /** Confirms inside the frame, where the card is; answers `{intent}` or `{error}`. */
  async _confirm(kind, clientSecret, confirmParams) {
    const deferred = this.#options.clientSecret === undefined;
    insist(!deferred || this.#submitted, "elements.submit() must succeed before the confirmation.");
    const secret = clientSecret ?? this.#options.clientSecret;
    this.#checkKind(kind, secret);
    return this.#present()._ask("confirm", { clientSecret: secret, confirmParams });
  }

  #checkKind(kind, secret) {
    checkSecret(kind, secret);
    const { mode } = this.#options;
    insist(mode !== "setup" || kind === "setup", "Elements in setup mode confirm a SetupIntent, not a PaymentIntent.");
    insist(mode !== "payment" || kind === "payment", "Elements in payment mode confirm a PaymentIntent, not a SetupIntent.");
  }

  #settings() {
    return { key: this.#key, ...this.#options };
  }

  #present() {
    insist(this.#element, "These Elements have no payment Element. Create and mount one first.");
    return this.#element;
  }
}
