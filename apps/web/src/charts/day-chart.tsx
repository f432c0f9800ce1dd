import { formatCount, formatWhole } from "../parts/numbers.js";
import { ticksUpTo } from "./scale.js";
import { useWidth } from "./use-width.js";

export interface DayChartProps {
  label: string;
  days: ReadonlyArray<{ date: string; value: number }>;
}

const HEIGHT = 180;
const LEFT = 46;
const BOTTOM = HEIGHT - 22;
const TOP = 10;

const dayName = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const nameOf = (date: string) => dayName.format(new Date(`${date}T00:00:00Z`));

/** One column for each day. */
export function DayChart({ label, days }: DayChartProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const ticks = ticksUpTo(Math.max(0, ...days.map(({ value }) => value)), { isWhole: true });
  const top = ticks.at(-1) ?? 1;
  const step = (width - LEFT - 4) / Math.max(1, days.length);
  const yOf = (value: number) => BOTTOM - (value / top) * (BOTTOM - TOP);
  const every = Math.max(1, Math.ceil(days.length / Math.max(2, Math.floor((width - LEFT) / 70))));
  const total = days.reduce((sum, { value }) => sum + value, 0);
  return (
    <figure className="chart" ref={box}>
      <svg role="img" aria-label={`${label}: ${formatWhole(total)} in ${days.length} days`} height={HEIGHT}>
        {ticks.map((value) => (
          <g key={value}>
            <line className="gridline" x1={LEFT} x2={width} y1={yOf(value)} y2={yOf(value)} />
            <text className="tick" x={LEFT - 8} y={yOf(value) + 4} textAnchor="end">
              {formatCount(value)}
            </text>
          </g>
        ))}
        {days.map(({ date, value }, index) => (
          <g key={date}>
            <rect
              className="column of-1"
              x={LEFT + index * step + step * 0.14}
              width={Math.max(1, step * 0.72)}
              y={yOf(value)}
              height={Math.max(0, BOTTOM - yOf(value))}
              rx={Math.min(2, step * 0.2)}
            >
              <title>{`${nameOf(date)}: ${formatWhole(value)}`}</title>
            </rect>
            {index % every === 0 && (
              <text className="tick" x={LEFT + (index + 0.5) * step} y={BOTTOM + 17} textAnchor="middle">
                {nameOf(date)}
              </text>
            )}
          </g>
        ))}
      </svg>
    </figure>
  );
}
