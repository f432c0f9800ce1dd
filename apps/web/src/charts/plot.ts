import { ticksUpTo } from "./scale.js";
import { hueClass, runsOf, type Series } from "./series.js";

export interface PlotInput {
  times: readonly string[];
  series: readonly Series[];
  width: number;
  isWhole: boolean;
}

/** A chart in pixels. */
export interface Plot {
  width: number;
  height: number;
  left: number;
  bottom: number;
  /** Where each moment stands. */
  xs: number[];
  ticks: Array<{ value: number; y: number }>;
  moments: Array<{ text: string; x: number }>;
  lines: Array<{ name: string; hue: string; path: string; area: string; ys: (number | null)[] }>;
}

const HEIGHT = 168;
const LEFT = 46;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = HEIGHT - 22;

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export function drawPlot({ times, series, width, isWhole }: PlotInput): Plot {
  const moments = times.map((time) => Date.parse(time));
  const first = moments[0] ?? 0;
  const span = Math.max(1, (moments.at(-1) ?? 0) - first);
  const inner = Math.max(1, width - LEFT - RIGHT);
  const xs = moments.map((moment) => LEFT + ((moment - first) / span) * inner);
  const values = series.flatMap((one) => one.values).filter((value) => value !== null);
  const ticks = ticksUpTo(Math.max(0, ...values), { isWhole });
  const top = ticks.at(-1) ?? 1;
  const yOf = (value: number) => BOTTOM - (value / top) * (BOTTOM - TOP);
  return {
    width,
    height: HEIGHT,
    left: LEFT,
    bottom: BOTTOM,
    xs,
    ticks: ticks.map((value) => ({ value, y: yOf(value) })),
    moments: labelsOf({ first, span, inner }),
    lines: series.map((one, position) => ({
      ...lineOf(one, { xs, yOf }),
      hue: hueClass(position, one.isBad),
    })),
  };
}

function lineOf({ name, values }: Series, { xs, yOf }: { xs: number[]; yOf: (value: number) => number }) {
  const ys = values.map((value) => (value === null ? null : yOf(value)));
  const at = (index: number) => `${(xs[index] ?? 0).toFixed(1)},${(ys[index] ?? 0).toFixed(1)}`;
  const runs = runsOf(values);
  const path = runs.map((run) => `M${run.map(at).join("L")}${run.length === 1 ? "h.01" : ""}`).join("");
  const area = runs
    .map((run) => `M${xs[run[0] ?? 0]},${BOTTOM}L${run.map(at).join("L")}L${xs[run.at(-1) ?? 0]},${BOTTOM}Z`)
    .join("");
  return { name, path, area, ys };
}

function labelsOf({ first, span, inner }: { first: number; span: number; inner: number }) {
  const count = inner < 260 ? 2 : 4;
  return Array.from({ length: count + 1 }, (_, index) => ({
    text: clock.format(new Date(first + (span * index) / count)),
    x: LEFT + (inner * index) / count,
  }));
}
