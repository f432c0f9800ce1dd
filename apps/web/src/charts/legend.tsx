import { hueClass, latestOf, type Series } from "./series.js";

export interface LegendProps {
  series: readonly Series[];
  format: (value: number) => string;
  /** The moment that is read off; the newest values when undefined. */
  index: number | undefined;
  at: string | undefined;
}

/** The names of a chart's lines with one value of each. */
export function Legend({ series, format, index, at }: LegendProps) {
  return (
    <ul className="legend">
      {series.map(({ name, values, isBad }, position) => {
        const value = index === undefined ? latestOf(values) : (values[index] ?? undefined);
        return (
          <li key={name}>
            <i className={hueClass(position, isBad)} />
            {name} <b>{value === undefined ? "–" : format(value)}</b>
          </li>
        );
      })}
      {at && <li>at {at}</li>}
    </ul>
  );
}
