// Heights of the default form's parts, so that the page does not move when the frame has loaded.
const HEIGHTS = { card: 190, address: 78, terms: 46 };
// Room around the fields for their focus rings, which a frame would otherwise cut off.
const BLEED = 4;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

/** The first opaque colour behind `node`: a frame cannot see what it stands on, and picks readable text by it. */
function surfaceBehind(node) {
  for (let each = node; each; each = each.parentElement) {
    const colour = getComputedStyle(each).backgroundColor;
    if (colour && !/^transparent$|[,/] ?0\)$/.test(colour)) return colour;
  }
  return null;
}

function expectedHeight(settings, element) {
  const address = asked(element.fields, "country") === "never" ? 0 : HEIGHTS.address;
  return HEIGHTS.card + address + (showsTerms(settings, element) ? HEIGHTS.terms : 0);
}

class PaymentElement extends Emitter {
  #settings;
  #options;
  #frame = null;
  #container = null;
  #loaded = null;
  #destroyed = false;
  #forget;

  /** `settings()` answers what the Elements group knows now: key, appearance, mode and amount or client secret. */
  constructor(settings, options, forget) {
    super();
    this.#settings = settings;
    this.#options = options;
    this.#forget = forget;
  }

  mount(target) {
    insist(!this.#destroyed, "This Element has already been destroyed. Create a new one.");
    const container = typeof target === "string" ? document.querySelector(target) : target;
    insist(container instanceof Element, `The selector or node given to mount() is not in the page: ${target}`);
    this.unmount();
    this.#container = container;
    this.#frame = new Frame("/hosted/payment-element", "Secure payment input frame", this.#handlers(), this.#start);
    this.#loaded = deferred();
    this.#dress();
    container.replaceChildren(this.#frame.node);
    this._emit("loaderstart", { elementType: "payment" });
    return this;
  }

  unmount() {
    this.#frame?.remove();
    this.#loaded?.resolve(GONE);
    this.#frame = null;
  }

  destroy() {
    this.unmount();
    this.#destroyed = true;
    this.#forget();
  }

  update(options) {
    this.#options = { ...this.#options, ...options };
    void this._applySettings();
    return this;
  }

  focus() {
    this.#frame?.node.focus();
    this.#tell("focus");
    return this;
  }

  blur() {
    this.#tell("blur");
    return this;
  }

  clear() {
    this.#tell("clear");
    return this;
  }

  /** Nothing to fold: the card is the only payment method the sandbox offers. */
  collapse() {
    return this;
  }

  /** Asks the frame once it has loaded; a frame that could not load answers with its load error. */
  async _ask(call, argument) {
    insist(this.#frame, "The payment Element is not mounted. Mount it before you submit or confirm.");
    const failure = await this.#loaded.promise;
    return failure ?? this.#frame.line.ask(call, argument);
  }

  _applySettings() {
    return this.#frame?.line ? this.#frame.line.ask("update", this.#picture()) : undefined;
  }

  #tell(call) {
    this.#frame?.line?.tell(call);
  }

  #picture() {
    return { ...this.#settings(), element: this.#options, surface: surfaceBehind(this.#container) };
  }

  #start = async (line) => {
    const { error } = await line.ask("start", this.#picture());
    if (this.#frame?.line !== line) return;
    this.#loaded.resolve(error && { error });
    style(this.#frame.node, { opacity: "1" });
    this._emit(error ? "loaderror" : "ready", { elementType: "payment", ...(error && { error }) });
  };

  #dress() {
    style(this.#frame.node, {
      display: "block",
      border: "0",
      margin: `-${BLEED}px`,
      width: `calc(100% + ${2 * BLEED}px)`,
      height: `${expectedHeight(this.#settings(), this.#options)}px`,
      opacity: "0",
      transition: STILL.matches ? "none" : "height 120ms ease-out, opacity 120ms ease-out",
    });
  }

  #handlers() {
    const pass = (event) => (details) => this._emit(event, { elementType: "payment", ...details });
    return {
      resize: (height) => style(this.#frame.node, { height: `${height}px` }),
      // Enter in a field does what it does in any form.
      enter: () => this.#container.closest("form")?.requestSubmit(),
      change: pass("change"),
      carddetailschange: pass("carddetailschange"),
      focus: pass("focus"),
      blur: pass("blur"),
      escape: pass("escape"),
    };
  }
}
