// Ranges, lengths and grouping as printed on the cards (ISO/IEC 7812 issuer ranges).
const GENERIC = { name: "unknown", label: "", lengths: [16], gaps: [4, 8, 12], cvc: 3 };
const BRANDS = [
  { ...GENERIC, name: "visa", label: "Visa", starts: /^4/ },
  { ...GENERIC, name: "mastercard", label: "Mastercard", starts: /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/ },
  { ...GENERIC, name: "amex", label: "American Express", starts: /^3[47]/, lengths: [15], gaps: [4, 10], cvc: 4 },
  { ...GENERIC, name: "discover", label: "Discover", starts: /^(6011|64[4-9]|65)/ },
  { ...GENERIC, name: "diners", label: "Diners Club", starts: /^3(0[0-5]|[689])/, lengths: [14, 16], gaps: [4, 10] },
  { ...GENERIC, name: "jcb", label: "JCB", starts: /^35/ },
  { ...GENERIC, name: "unionpay", label: "UnionPay", starts: /^62/, lengths: [16, 17, 18, 19] },
];

const digitsOf = (text) => text.replace(/\D/g, "");
const brandOf = (digits) => BRANDS.find(({ starts }) => starts.test(digits)) ?? GENERIC;

/** The check digit of ISO/IEC 7812-1, from the right: every second digit doubled, the sum a multiple of ten. */
function passesLuhn(digits) {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

function formatNumber(text) {
  const all = digitsOf(text);
  const { gaps, lengths } = brandOf(all);
  return [...all.slice(0, Math.max(...lengths))].map((digit, index) => (gaps.includes(index) ? ` ${digit}` : digit)).join("");
}

/** `MM / YY`. A first digit above 1 can only be a month of its own; a four-digit year from autofill loses its century. */
function formatExpiry(text, deleting) {
  let digits = digitsOf(text);
  if (/^[2-9]/.test(digits)) digits = `0${digits}`;
  if (digits.length >= 6) digits = digits.slice(0, 2) + digits.slice(4);
  const [month, year] = [digits.slice(0, 2), digits.slice(2, 4)];
  return month.length === 2 && !(deleting && year === "") ? `${month} / ${year}` : month;
}

/** Month and four-digit year of `MM / YY`. */
function parseExpiry(text) {
  const digits = digitsOf(text);
  return { month: Number(digits.slice(0, 2)), year: 2000 + Number(digits.slice(2, 4)) };
}
