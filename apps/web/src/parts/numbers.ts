const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const precise = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

const SHORT_FROM = 100_000;

/** A number as people read it: whole up to 99,999, and then as 1.2M. */
export function formatCount(value: number): string {
  return Math.abs(value) < SHORT_FROM ? whole.format(Math.round(value)) : short.format(value);
}

/** With all its digits. */
export function formatWhole(value: number): string {
  return whole.format(value);
}

/** A rate per second. */
export function formatRate(value: number): string {
  return value < 100 ? precise.format(value) : formatCount(value);
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

export function formatBytes(value: number): string {
  const power = Math.min(BYTE_UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(value, 1)) / 10)));
  return `${precise.format(value / 1024 ** power)} ${BYTE_UNITS[power]}`;
}

/** A share from 0 to 1. One that is not everything is never shown as 100 %. */
export function formatShare(value: number): string {
  const percent = value < 1 ? Math.min(99.9, value * 100) : 100;
  return `${precise.format(Math.floor(percent * 10) / 10)} %`;
}

/** A time span. */
export function formatMs(value: number): string {
  return value < 1000 ? `${whole.format(Math.round(value))} ms` : formatSeconds(value / 1000);
}

const STEPS = [
  { least: 86_400 * 2, unit: 86_400, name: "d" },
  { least: 3_600 * 2, unit: 3_600, name: "h" },
  { least: 120, unit: 60, name: "min" },
] as const;

/** A time span: two units are more than anybody compares. */
export function formatSeconds(value: number): string {
  const step = STEPS.find(({ least }) => value >= least);
  if (step === undefined) return `${value < 10 ? precise.format(value) : whole.format(Math.round(value))} s`;
  return `${whole.format(Math.floor(value / step.unit))} ${step.name}`;
}
