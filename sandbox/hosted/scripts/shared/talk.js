const GONE = { error: { type: "invalid_request_error", message: "The Element was removed from the page before it answered." } };

const BROKEN = { error: { type: "api_error", message: "Something went wrong inside the payment form." } };

/** Runs a handler; a mistake of ours is reported to the console, and the other side gets an answer all the same. */
async function attempt(handler) {
  try {
    return await handler();
  } catch (error) {
    reportError(error);
    return BROKEN;
  }
}

/**
 * A conversation over a MessagePort: each side offers `handlers` by name. `ask` waits for the other side's answer,
 * `tell` does not. After `close` everything still waiting is answered with an error, so no promise hangs.
 */
function talk(port, handlers) {
  const waiting = new Map();
  let count = 0;

  async function answer({ id, call, argument }) {
    if (!Object.hasOwn(handlers, call)) return;
    const result = await attempt(() => handlers[call](argument));
    if (id) port.postMessage({ answers: id, result });
  }

  port.onmessage = ({ data }) => {
    if (!data.answers) return void answer(data);
    waiting.get(data.answers)?.(data.result);
    waiting.delete(data.answers);
  };

  return {
    tell: (call, argument) => port.postMessage({ call, argument }),
    ask: (call, argument) =>
      new Promise((resolve) => {
        waiting.set(++count, resolve);
        port.postMessage({ id: count, call, argument });
      }),
    close() {
      port.close();
      waiting.forEach((resolve) => resolve(GONE));
      waiting.clear();
    },
  };
}
