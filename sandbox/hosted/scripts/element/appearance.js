const THEMES = ["stripe", "night", "flat"];
// The variables of the Appearance API that have a meaning in this form; each is a CSS custom property of the same name.
const VARIABLES = [
  "colorPrimary", "colorBackground", "colorText", "colorTextSecondary", "colorTextPlaceholder", "colorDanger",
  "fontFamily", "fontSizeBase", "fontSizeSm", "fontWeightNormal", "fontWeightMedium", "fontLineHeight",
  "spacingUnit", "gridRowSpacing", "gridColumnSpacing", "borderRadius",
];

/** Themes and variables become properties of the root, through CSSOM, so that no value can add a rule of its own. */
function applyAppearance({ theme = "stripe", variables = {} } = {}, surface) {
  const root = document.documentElement;
  root.dataset.theme = THEMES.includes(theme) ? theme : "stripe";
  for (const name of VARIABLES) root.style.setProperty(`--${name}`, variables[name] ?? "");
  root.style.setProperty("--surface", surface ?? "");
}
