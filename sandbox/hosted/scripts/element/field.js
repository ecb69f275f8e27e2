/** One labelled control with its error line. `check` answers an error code or null; `format` shapes typed digits. */
class Field {
  #check;
  #format;
  #before = "";

  constructor(input, check, format) {
    this.input = input;
    this.line = document.getElementById(`${input.id}-error`);
    this.#check = check;
    this.#format = format;
    input.addEventListener("input", (event) => this.#typed(event));
    input.addEventListener("blur", () => input.value && this.complain());
  }

  get value() {
    return this.input.value;
  }

  get shown() {
    return !this.input.closest(".field").hidden;
  }

  problem() {
    return this.shown ? this.#check(this.value) : null;
  }

  /** Shows what is wrong, if anything, under the control; answers the code. */
  complain() {
    const code = this.problem();
    this.say(code && SENTENCES[code]);
    return code;
  }

  say(sentence) {
    this.line.textContent = sentence ?? "";
    this.input.ariaInvalid = String(Boolean(sentence));
    if (sentence) this.input.setAttribute("aria-describedby", this.line.id);
    else this.input.removeAttribute("aria-describedby");
  }

  clear() {
    this.input.value = this.#before = "";
    this.say(null);
  }

  #typed(event) {
    if (this.#format) this.#before = reformat(this.input, this.#before, this.#format, event);
    if (this.line.textContent && !this.problem()) this.say(null);
  }
}
