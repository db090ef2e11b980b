// Quantities in words.

const short = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });

/** 1,234,567 → "1.23 MB". */
export function bytes(value) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; Math.abs(value) >= 1_000 && unit < units.length - 1; unit++) value /= 1_000;
  return `${short.format(value)} ${units[unit]}`;
}

/** 0.1234 → "123 µs". */
export function milliseconds(value) {
  if (value >= 1_000) return `${short.format(value / 1_000)} s`;
  return value >= 1 || value === 0 ? `${short.format(value)} ms` : `${Math.round(value * 1_000)} µs`;
}

/** Seconds, in two units at most: 3,723 → "1 h 2 min". */
export function duration(seconds) {
  const words = [];
  let rest = Math.floor(seconds);
  for (const [size, unit] of [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]]) {
    if (rest >= size || (unit === "s" && words.length === 0)) words.push(`${Math.floor(rest / size)} ${unit}`);
    rest %= size;
  }
  return words.slice(0, 2).join(" ");
}
