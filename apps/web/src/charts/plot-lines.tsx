import type { Plot } from "./plot.js";

export interface PlotLinesProps {
  plot: Plot;
  format: (value: number) => string;
  /** The moment that is read off. */
  index: number | undefined;
}

/** What is drawn of a plot. */
export function PlotLines({ plot, format, index }: PlotLinesProps) {
  const { ticks, lines, left, width, bottom, xs } = plot;
  const x = index === undefined ? undefined : xs[index];
  return (
    <>
      {ticks.map(({ value, y }) => (
        <g key={value}>
          <line className="gridline" x1={left} x2={width - 8} y1={y} y2={y} />
          <text className="tick" x={left - 8} y={y + 4} textAnchor="end">
            {format(value)}
          </text>
        </g>
      ))}
      <Moments plot={plot} />
      {lines.map(({ name, hue, path, area }) => (
        <g key={name}>
          {lines.length === 1 && <path className={`area ${hue}`} d={area} />}
          <path className={`line ${hue}`} d={path} />
        </g>
      ))}
      {x !== undefined && <line className="cross" x1={x} x2={x} y1={4} y2={bottom} />}
      {index !== undefined &&
        lines.map(({ name, hue, ys }) => {
          const y = ys[index] ?? undefined;
          return y !== undefined && <circle key={name} className={`dot ${hue}`} cx={x} cy={y} r={3.5} />;
        })}
    </>
  );
}

function Moments({ plot: { moments, bottom } }: { plot: Plot }) {
  return moments.map(({ text, x }, position) => (
    <text
      key={x}
      className="tick"
      x={x}
      y={bottom + 17}
      textAnchor={position === 0 ? "start" : position === moments.length - 1 ? "end" : "middle"}
    >
      {text}
    </text>
  ));
}
