import { type PointerEvent, useState } from "react";
import { Nothing } from "../parts/nothing.js";
import { Legend } from "./legend.js";
import { drawPlot, type Plot } from "./plot.js";
import { PlotLines } from "./plot-lines.js";
import { Scrubber } from "./scrubber.js";
import type { Series } from "./series.js";
import { useWidth } from "./use-width.js";

export interface LineChartProps {
  /** What it shows, for those who hear it. */
  label: string;
  /** When each value was measured, ISO 8601, the oldest first. */
  times: readonly string[];
  series: readonly Series[];
  format: (value: number) => string;
  isWhole?: boolean;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** Values over time. Pointer and arrow keys read single moments off; the legend has the numbers as text. */
export function LineChart({ label, times, series, format, isWhole = false }: LineChartProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const [chosen, choose] = useState<number>();
  const index = chosen === undefined ? undefined : Math.min(chosen, times.length - 1);
  const time = index === undefined ? undefined : times[index];
  const at = time && clock.format(new Date(time));
  const isEmpty = times.length < 2 || series.every(({ values }) => values.every((value) => value === null));
  if (isEmpty)
    return <Nothing title="Nothing measured yet">The first values come within half a minute.</Nothing>;
  const plot = drawPlot({ times, series, width, isWhole });
  const follow = (event: PointerEvent<SVGSVGElement>) =>
    choose(nearest(plot, event.clientX - event.currentTarget.getBoundingClientRect().left));
  return (
    <figure className="chart">
      <div className="chart-box" ref={box}>
        <svg
          aria-hidden="true"
          height={plot.height}
          onPointerMove={follow}
          onPointerLeave={() => choose(undefined)}
        >
          <PlotLines plot={plot} format={format} index={index} />
        </svg>
        <Scrubber {...{ label, series, format, at, index, choose }} length={times.length} />
      </div>
      <Legend {...{ series, format, index, at }} />
    </figure>
  );
}

function nearest({ xs }: Plot, x: number): number {
  let best = 0;
  for (const [index, candidate] of xs.entries()) {
    if (Math.abs(candidate - x) < Math.abs((xs[best] ?? 0) - x)) best = index;
  }
  return best;
}
