// Numbers as people read them.

const TIME_STEPS = [[1e9, "s"], [1e6, "ms"], [1e3, "\u00b5s"], [1, "ns"]];
const BYTE_STEPS = [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]];

/** A value of a metric's unit in three significant digits: `1.23 s`, `4.5 MiB`, `678`. */
function formatValue(unit, value) {
  if (unit === "count") return value.toLocaleString("en-US");
  const steps = unit === "bytes" ? BYTE_STEPS : TIME_STEPS;
  const [size, name] = steps.find(([step]) => value >= step) ?? steps[steps.length - 1];
  const scaled = value / size;
  const digits = scaled >= 100 || Number.isInteger(scaled) ? 0 : scaled >= 10 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${name}`;
}

/** A share of a whole: `12.3 %`; small ones keep a digit, nothing is nothing. */
function formatShare(part, whole) {
  if (whole <= 0 || part <= 0) return "0 %";
  const percent = (100 * part) / whole;
  if (percent < 0.01) return "< 0.01 %";
  return `${percent.toFixed(percent < 1 ? 2 : 1)} %`;
}
