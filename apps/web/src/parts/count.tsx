import { formatCount, formatWhole } from "./numbers.js";

/** A count, short where it is long, with all its digits on hover. */
export function Count({ value }: { value: number }) {
  return (
    <span className="number" title={formatWhole(value)}>
      {formatCount(value)}
    </span>
  );
}
