// The page decides by its CSP which origin may run script, and that same origin may be framed and connected to.
const SANDBOX = new URL(document.currentScript.src).origin;
let frames = 0;

/** Styles go through CSSOM: a strict `style-src` of the page forbids style attributes and elements, not this. */
function style(node, rules) {
  Object.assign(node.style, rules);
}

function randomName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * An iframe on the sandbox's origin and the port to it. `connected` is called with each new conversation: a frame
 * that is moved in the DOM loads again and shakes hands again.
 */
class Frame {
  #channel = randomName();
  #connected;
  #handlers;
  #line = null;

  constructor(path, title, handlers, connected) {
    this.#handlers = handlers;
    this.#connected = connected;
    this.node = document.createElement("iframe");
    this.node.name = `__privateStripeFrame${++frames}`;
    this.node.title = title;
    this.node.allow = "payment *";
    const told = new URLSearchParams({ channel: this.#channel, page: location.origin });
    this.node.src = `${new URL(path, SANDBOX)}#${told}`;
    window.addEventListener("message", this.#greet);
  }

  get line() {
    return this.#line;
  }

  remove() {
    window.removeEventListener("message", this.#greet);
    this.#line?.close();
    this.#line = null;
    this.node.remove();
  }

  #greet = (event) => {
    if (event.origin !== SANDBOX || event.source !== this.node.contentWindow) return;
    if (event.data?.channel !== this.#channel || event.ports.length !== 1) return;
    this.#line?.close();
    this.#line = talk(event.ports[0], this.#handlers);
    this.#connected(this.#line);
  };
}
