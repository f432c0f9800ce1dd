import type { CSSProperties } from "react";
import { formatWhole } from "../parts/numbers.js";
import { type HourGrid, toLocalHours } from "./local-hours.js";

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

export interface HeatMapProps {
  label: string;
  /** Monday first, 24 hours each, UTC. */
  hours: HourGrid;
}

/** How much happens at which hour of which weekday, in the time of this browser. */
export function HeatMap({ label, hours }: HeatMapProps) {
  const local = toLocalHours(hours, -new Date().getTimezoneOffset());
  const most = Math.max(1, ...local.flat());
  return (
    <div className="heat" role="img" aria-label={`${label}. ${summaryOf(local)}`}>
      <span />
      {HOURS.map((hour) => (
        <span key={hour} className="head">
          {hour % 3 === 0 ? String(hour).padStart(2, "0") : ""}
        </span>
      ))}
      {DAYS.map((day, row) => [
        <span key={day} className="day">
          {day}
        </span>,
        ...HOURS.map((hour) => ({ hour, value: local[row]?.[hour] ?? 0 })).map(({ hour, value }) => (
          <span
            key={`${day}${hour}`}
            className="cell"
            title={`${day} ${String(hour).padStart(2, "0")}:00: ${formatWhole(value)}`}
            style={{ "--strength": strengthOf(value / most) } as CSSProperties}
          />
        )),
      ])}
    </div>
  );
}

/** Little must still be seen beside nothing. */
function strengthOf(share: number): string {
  return share === 0 ? "0.05" : (0.14 + 0.86 * share).toFixed(2);
}

function summaryOf(local: HourGrid): string {
  const best = local
    .flatMap((row, day) => row.map((value, hour) => ({ value, day, hour })))
    .sort((a, b) => b.value - a.value)
    .slice(0, 3)
    .filter(({ value }) => value > 0);
  if (best.length === 0) return "Nothing in any hour.";
  const words = best.map(({ value, day, hour }) => `${DAYS[day]} ${hour}:00 (${formatWhole(value)})`);
  return `Busiest: ${words.join(", ")}.`;
}
