/** Form encoding as Stripe's API reads it: `a[b][c]=…`, lists by index; null and undefined are left out. */
function encodeForm(value, prefix = "", pairs = new URLSearchParams()) {
  if (value === null || value === undefined) return pairs;
  if (typeof value !== "object") {
    pairs.append(prefix, String(value));
    return pairs;
  }
  for (const [key, inner] of Object.entries(value)) encodeForm(inner, prefix ? `${prefix}[${key}]` : key, pairs);
  return pairs;
}
