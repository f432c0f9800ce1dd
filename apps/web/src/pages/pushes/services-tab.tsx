import type { RouteResult } from "@parley/client";
import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { Card } from "../../parts/card.js";
import { ChoiceField } from "../../parts/choice-field.js";
import { Count } from "../../parts/count.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { Loaded } from "../../parts/loaded.js";
import { Nothing } from "../../parts/nothing.js";
import { formatMs, formatShare } from "../../parts/numbers.js";
import { Time } from "../../parts/time.js";
import { Trouble } from "../../parts/trouble.js";
import { changeQuery } from "../../routing/location.js";
import { usePlace } from "../../routing/use-place.js";
import { ReasonBars } from "./reason-bars.js";
import { SERVICE_NAMES, statusAdvice } from "./service-words.js";

type Service = RouteResult<"GET /v1/admin/pushes">["by_service"][number];

const WINDOWS = { "1": "Last hour", "24": "Last 24 hours", "168": "Last 7 days" };

/** How each push service takes pushes, and why notifications were not pushed at all. */
export function ServicesTab() {
  const hours = usePlace().query.get("hours") ?? "24";
  const ask = () => callServer("GET /v1/admin/pushes", { query: { hours: Number(hours) } });
  const poll = usePoll(`pushes ${hours}`, ask, 10_000);
  return (
    <>
      <div className="filters">
        <ChoiceField
          label="Time"
          value={hours}
          onChange={(next) => changeQuery({ hours: next })}
          options={WINDOWS}
        />
      </div>
      <Loaded poll={poll} what="The pushes">
        {({ by_service, not_sent, since, not_sent_since }) => (
          <>
            <Card
              title="By push service"
              note={
                <>
                  Counted since <Time at={since} />.
                </>
              }
            >
              {by_service.length === 0 ? (
                <Nothing title="Nothing was pushed in this time">
                  A push needs a person with a device that has subscribed, and a reason to be told.
                </Nothing>
              ) : (
                <DataTable
                  caption="Pushes by service"
                  rows={[...by_service].sort((a, b) => (a.success_rate ?? 1) - (b.success_rate ?? 1))}
                  keyOf={({ service }) => service}
                  toneOf={(row) => (isFailing(row) ? "bad" : undefined)}
                  below={refusalWords}
                  columns={COLUMNS}
                />
              )}
            </Card>
            <Card
              title="Why notifications were not pushed"
              note={
                <>
                  Or wait. Counted since <Time at={not_sent_since} />. Most of these are as people want it.
                </>
              }
            >
              <ReasonBars reasons={not_sent} />
            </Card>
          </>
        )}
      </Loaded>
    </>
  );
}

const isFailing = ({ success_rate }: Service) => success_rate !== null && success_rate < 0.95;

/** What the newest refusal means; loud only where refusals are many. */
function refusalWords(row: Service) {
  if (row.last_status === null) return undefined;
  const words = `The newest refusal was ${row.last_status}. ${statusAdvice(row.last_status)}`;
  return isFailing(row) ? <Trouble text={words} /> : <span className="quiet small">{words}</span>;
}

const COLUMNS: ReadonlyArray<Column<Service>> = [
  { head: "Service", cell: ({ service }) => SERVICE_NAMES[service] ?? service },
  {
    head: "Taken",
    cell: (row) => (
      <b className="number">{row.success_rate === null ? "–" : formatShare(row.success_rate)}</b>
    ),
  },
  { head: "Tried", isNumber: true, cell: ({ attempted }) => <Count value={attempted} /> },
  { head: "Accepted", isNumber: true, cell: ({ accepted }) => <Count value={accepted} /> },
  { head: "Failed", isNumber: true, cell: ({ failed }) => <Count value={failed} /> },
  { head: "Device gone", isNumber: true, cell: ({ gone }) => <Count value={gone} /> },
  { head: "Waiting", isNumber: true, cell: ({ waiting }) => <Count value={waiting} /> },
  { head: "Half within", isNumber: true, cell: ({ p50_ms }) => (p50_ms === null ? "–" : formatMs(p50_ms)) },
  { head: "99 % within", isNumber: true, cell: ({ p99_ms }) => (p99_ms === null ? "–" : formatMs(p99_ms)) },
];
