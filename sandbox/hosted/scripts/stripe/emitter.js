class Emitter {
  #handlers = new Map();

  on(event, handler) {
    insist(typeof handler === "function", `The handler for the "${event}" event must be a function.`);
    this.#handlers.set(event, [...(this.#handlers.get(event) ?? []), handler]);
    return this;
  }

  once(event, handler) {
    const wrapper = (payload) => {
      this.off(event, wrapper);
      handler(payload);
    };
    wrapper.original = handler;
    return this.on(event, wrapper);
  }

  off(event, handler) {
    const rest = (this.#handlers.get(event) ?? []).filter((each) => each !== handler && each.original !== handler);
    this.#handlers.set(event, handler ? rest : []);
    return this;
  }

  _emit(event, payload) {
    for (const handler of this.#handlers.get(event) ?? []) handler(payload);
  }
}
