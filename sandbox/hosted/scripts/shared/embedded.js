/**
 * The frame's half of the handshake. The embedding page wrote a one-time channel name and its own origin behind the
 * `#`; the port goes to that origin only, so the browser itself keeps any other page from listening.
 * Answers null when the document is not embedded (the full-page variant).
 */
function connectToPage(handlers) {
  const told = new URLSearchParams(location.hash.slice(1));
  if (window.parent === window || !told.has("channel")) return null;
  const { port1, port2 } = new MessageChannel();
  const page = talk(port1, handlers);
  window.parent.postMessage({ channel: told.get("channel") }, told.get("page"), [port2]);
  return page;
}

/** Tells the page how tall this document is, at once and whenever that changes. */
function reportHeight(page, node) {
  const observer = new ResizeObserver(() => page.tell("resize", Math.ceil(node.getBoundingClientRect().height)));
  observer.observe(node);
}
