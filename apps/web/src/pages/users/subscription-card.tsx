import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { Nothing } from "../../parts/nothing.js";
import { Time } from "../../parts/time.js";
import { outcomeTone, outcomeWords } from "../pushes/outcome-words.js";
import { SERVICE_NAMES, statusAdvice } from "../pushes/service-words.js";
import type { UserDetail } from "./user-detail.js";

type Subscription = UserDetail["subscriptions"][number];

/** The devices that a person's pushes go to. */
export function SubscriptionCard({ subscriptions }: { subscriptions: readonly Subscription[] }) {
  return (
    <Card title="Devices that take pushes">
      {subscriptions.length === 0 ? (
        <Nothing title="None">
          Nothing can be pushed to this person until a browser of theirs subscribes.
        </Nothing>
      ) : (
        <DataTable caption="Devices" rows={subscriptions} keyOf={({ id }) => id} columns={COLUMNS} />
      )}
    </Card>
  );
}

const COLUMNS: ReadonlyArray<Column<Subscription>> = [
  {
    head: "Service",
    cell: ({ service, id }) => (
      <>
        {SERVICE_NAMES[service] ?? service}
        <div className="quiet small id">{id}</div>
      </>
    ),
  },
  { head: "Subscribed", cell: ({ created_at }) => <Time at={created_at} /> },
  { head: "Latest push taken", cell: ({ last_success_at }) => <Time at={last_success_at} /> },
  {
    head: "Latest failure",
    cell: ({ last_failure }) =>
      last_failure === null ? (
        <span className="quiet">none</span>
      ) : (
        <span className="badges">
          <Badge tone={outcomeTone(last_failure.state)}>{outcomeWords(last_failure.state)}</Badge>
          <Time at={last_failure.at} />
          {last_failure.status !== null && (
            <span className="small">
              {last_failure.status}. {statusAdvice(last_failure.status)}
            </span>
          )}
        </span>
      ),
  },
];
