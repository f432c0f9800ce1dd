import type { ReactNode } from "react";

export interface StatProps {
  label: string;
  value: ReactNode;
  note?: ReactNode;
  isBad?: boolean;
}

/** One number that matters. Stands in a <dl className="stats">. */
export function Stat({ label, value, note, isBad = false }: StatProps) {
  return (
    <div className={isBad ? "stat is-bad" : "stat"}>
      <dt>{label}</dt>
      <dd>
        {value}
        {note && <div className="note">{note}</div>}
      </dd>
    </div>
  );
}
