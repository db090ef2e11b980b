// How values look. Prices come in cents.

const price = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const priceText = (cents) => price.format(cents / 100);
export const volumeText = (count) => compact.format(count);
export const timeText = (ms) => clock.format(ms);
export const change = (now, before) => ((now - before) / before) * 100;

/** Never by colour alone. */
export function changeText(now, before) {
  const value = change(now, before);
  const mark = value >= 0.005 ? "▲" : value <= -0.005 ? "▼" : "";
  return `${mark} ${percent.format(value)} %`.trim();
}

export const movement = (now, before) => Math.sign(now - before);

export function showMovement(element, direction) {
  element.classList.toggle("rising", direction > 0);
  element.classList.toggle("falling", direction < 0);
}

// A change glows for a moment.

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");
let glows;

function readColours() {
  const css = getComputedStyle(document.documentElement);
  glows = { 1: css.getPropertyValue("--good-soft").trim(), [-1]: css.getPropertyValue("--bad-soft").trim() };
}
dark.addEventListener("change", readColours);
readColours();

export function flash(element, direction) {
  if (calm.matches || !direction) return;
  element.animate([{ backgroundColor: glows[direction] }, { backgroundColor: "transparent" }], { duration: 900, easing: "ease-in" });
}
