/**
 * The issuer's question, as a modal dialog over the page: `showModal` keeps the focus inside and the page inert.
 * Resolves when the customer has answered; an answer "fail", Escape and a frame that cannot be reached all leave it to
 * the caller to read the intent's state. Closing the browser resolves nothing: the intent stays `requires_action`.
 */
function runChallenge(url) {
  const { pathname, search } = new URL(url);
  const { promise, resolve } = deferred();
  const dialog = document.createElement("dialog");
  // Always from the origin this script came from: the page's policy allows no other, not even another name of it.
  const frame = new Frame(pathname + search, "Card authentication", {
    resize: (height) => style(frame.node, { height: `min(${height}px, 100dvh - 16px)` }),
    done: resolve,
  }, () => style(frame.node, { opacity: "1" }));

  dialog.ariaLabel = "Card authentication";
  dressChallenge(dialog, frame.node);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    frame.line ? frame.line.tell("cancel") : resolve();
  });
  dialog.append(frame.node);
  document.body.append(dialog);
  dialog.showModal();
  return promise.finally(() => {
    frame.remove();
    dialog.close();
    dialog.remove();
  });
}

function dressChallenge(dialog, node) {
  style(dialog, {
    position: "fixed", inset: "0", boxSizing: "border-box", width: "100vw", height: "100dvh", maxWidth: "none", maxHeight: "none",
    margin: "0", padding: "8px", border: "0", background: "rgb(10 15 30 / 0.55)", overflow: "auto",
  });
  style(node, {
    display: "block", width: "min(400px, 100%)", height: "392px", margin: "max(0px, 50dvh - 220px) auto 0", border: "0",
    borderRadius: "14px", opacity: "0", boxShadow: "0 24px 64px rgb(0 0 0 / 0.35)",
  });
}
