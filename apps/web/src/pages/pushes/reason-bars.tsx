import { Count } from "../../parts/count.js";
import { Nothing } from "../../parts/nothing.js";

/** Reasons that somebody should look into; the others are as people want it. */
const FAULTS = ["refused", "expired", "unrenderable"];

export interface ReasonBarsProps {
  reasons: ReadonlyArray<{ reason: string; meaning: string; count: number }>;
}

/** Reasons by how often they held. */
export function ReasonBars({ reasons }: ReasonBarsProps) {
  if (reasons.length === 0) return <Nothing title="Everything that was to be pushed was pushed" />;
  const most = Math.max(...reasons.map(({ count }) => count));
  return (
    <ul className="reasons">
      {reasons.map(({ reason, meaning, count }) => (
        <li key={reason}>
          <code>{reason}</code>
          <Count value={count} />
          <div className={FAULTS.includes(reason) ? "bar is-bad" : "bar"}>
            <i style={{ width: `${Math.max(1, (count / most) * 100)}%` }} />
          </div>
          <span className="quiet small">{meaning}</span>
        </li>
      ))}
    </ul>
  );
}
