import type { Series } from "./series.js";

export interface ScrubberProps {
  label: string;
  series: readonly Series[];
  format: (value: number) => string;
  length: number;
  index: number | undefined;
  /** When the moment that is read off was. */
  at: string | undefined;
  choose: (index: number | undefined) => void;
}

/** Reads single moments of a chart by keyboard, and aloud. Not seen: the chart shows where it stands. */
export function Scrubber({ label, series, format, length, index, at, choose }: ScrubberProps) {
  const position = index ?? length - 1;
  const words = series.map(({ name, values }) => {
    const value = values[position] ?? undefined;
    return `${name} ${value === undefined ? "unknown" : format(value)}`;
  });
  return (
    <input
      className="only-heard scrub"
      type="range"
      min={0}
      max={length - 1}
      value={position}
      aria-label={`${label}, moment`}
      aria-valuetext={`${at ?? "newest"}: ${words.join(", ")}`}
      onChange={(event) => choose(Number(event.target.value))}
      onFocus={(event) => event.target.matches(":focus-visible") && choose(position)}
      onBlur={() => choose(undefined)}
    />
  );
}
