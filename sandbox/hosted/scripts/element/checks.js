const SENTENCES = {
  incomplete_number: "Your card number is incomplete.",
  invalid_number: "Your card number is invalid.",
  incomplete_expiry: "Your card’s expiration date is incomplete.",
  invalid_expiry_year: "Your card’s expiration year is invalid.",
  invalid_expiry_year_past: "Your card’s expiration year is in the past.",
  invalid_expiry_month_past: "Your card’s expiration date is in the past.",
  incomplete_cvc: "Your card’s security code is incomplete.",
  incomplete_zip: "Your postal code is incomplete.",
};

/** Each check answers the code of a validation error, or null. Codes are those of Stripe.js. */
function checkNumber(text) {
  const digits = digitsOf(text);
  const { lengths } = brandOf(digits);
  if (!lengths.includes(digits.length)) return "incomplete_number";
  return passesLuhn(digits) ? null : "invalid_number";
}

/** `now` is the sandbox's clock, not the machine's: a card ages with the time that the panel turns. */
function checkExpiry(text, now) {
  const { month, year } = parseExpiry(text);
  if (digitsOf(text).length !== 4 || month < 1 || month > 12) return "incomplete_expiry";
  if (year < now.getUTCFullYear()) return "invalid_expiry_year_past";
  if (year > now.getUTCFullYear() + 50) return "invalid_expiry_year";
  return year === now.getUTCFullYear() && month < now.getUTCMonth() + 1 ? "invalid_expiry_month_past" : null;
}

function checkCvc(text, brand) {
  return text.length === brand.cvc ? null : "incomplete_cvc";
}

function checkPostal(text, country) {
  const shape = POSTAL[country]?.shape;
  return !shape || shape.test(text.trim()) ? null : "incomplete_zip";
}
