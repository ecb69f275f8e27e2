// ISO 3166-1 alpha-2; the names come from the browser, in its language.
const COUNTRIES = (
  "AC AD AE AF AG AI AL AM AO AQ AR AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CD CF " +
  "CG CH CI CK CL CM CN CO CR CV CW CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FO FR GA GB GD GE GF GG GH GI GL " +
  "GM GN GP GQ GR GS GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IS IT JE JM JO JP KE KG KH KI KM KN KR KW KY KZ LA LB " +
  "LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MK ML MM MN MO MQ MR MS MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NU " +
  "NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PY QA RE RO RS RU RW SA SB SC SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SZ " +
  "TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VN VU WF WS XK YE YT ZA ZM ZW"
).split(" ");

// Only these countries' issuers check the postal code of a card payment, so only they are asked for it.
const POSTAL = {
  US: { label: "ZIP", placeholder: "12345", numeric: true, shape: /^\d{5}(-?\d{4})?$/ },
  CA: { label: "Postal code", placeholder: "M5T 1T4", numeric: false, shape: /^[a-z]\d[a-z] ?\d[a-z]\d$/i },
  GB: { label: "Postal code", placeholder: "WS11 1DB", numeric: false, shape: /^[a-z0-9]{2,4} ?[a-z0-9]{3}$/i },
};

function fillCountries(select, locale) {
  const names = new Intl.DisplayNames([locale, "en"], { type: "region" });
  const sorted = COUNTRIES.map((code) => [code, names.of(code)]).sort(([, a], [, b]) => a.localeCompare(b, locale));
  select.replaceChildren(...sorted.map(([code, name]) => new Option(name, code)));
}

/** The region of the customer's language, when it is a country we list. */
function guessCountry(locale) {
  const { region } = new Intl.Locale(locale);
  return COUNTRIES.includes(region) ? region : "US";
}
