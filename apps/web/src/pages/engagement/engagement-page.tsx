import type { RouteResult } from "@parley/client";
import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { DayChart } from "../../charts/day-chart.js";
import { HeatMap } from "../../charts/heat-map.js";
import { Page } from "../../layout/page.js";
import { Card } from "../../parts/card.js";
import { ChoiceField } from "../../parts/choice-field.js";
import { Count } from "../../parts/count.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { Loaded } from "../../parts/loaded.js";
import { Nothing } from "../../parts/nothing.js";
import { formatSeconds } from "../../parts/numbers.js";
import { Stat } from "../../parts/stat.js";
import { Time } from "../../parts/time.js";
import { changeQuery } from "../../routing/location.js";
import { usePlace } from "../../routing/use-place.js";

type Engagement = RouteResult<"GET /v1/admin/engagement">;

const WINDOWS = { "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days" };

/** Who writes how much, when, and how soon people are answered. */
export function EngagementPage() {
  const days = usePlace().query.get("days") ?? "30";
  const ask = () => callServer("GET /v1/admin/engagement", { query: { days: Number(days) } });
  const poll = usePoll(`engagement ${days}`, ask, 60_000);
  return (
    <Page title="Engagement" lead="Days are those of UTC.">
      <div className="filters">
        <ChoiceField
          label="Time"
          value={days}
          onChange={(next) => changeQuery({ days: next })}
          options={WINDOWS}
        />
      </div>
      <Loaded poll={poll} what="The numbers">
        {(data) => <Numbers data={data} />}
      </Loaded>
    </Page>
  );
}

function Numbers({ data }: { data: Engagement }) {
  const { active_users, messages_per_day, busiest_hours, counted_at, response_time_by_role } = data;
  const of = (read: (day: Engagement["messages_per_day"][number]) => number) =>
    messages_per_day.map((day) => ({ date: day.date, value: read(day) }));
  return (
    <>
      {counted_at === null && (
        <div className="notice is-warn">
          <strong>Nothing has been counted yet.</strong>
          The worker counts every minute; look at the queues if this stays.
        </div>
      )}
      <dl className="stats">
        <Stat label="People who wrote today" value={<Count value={active_users.day} />} />
        <Stat label="In the last 7 days" value={<Count value={active_users.week} />} />
        <Stat label="In the last 30 days" value={<Count value={active_users.month} />} />
        <Stat label="Counted" value={<Time at={counted_at} none="not yet" isRelative />} />
      </dl>
      <div className="grid two">
        <Card title="Messages per day">
          <DayChart label="Messages per day" days={of(({ messages }) => messages)} />
        </Card>
        <Card title="People who wrote, per day">
          <DayChart label="People who wrote, per day" days={of((day) => day.active_users)} />
        </Card>
      </div>
      <Card title="Busiest hours" note="In the time of this browser.">
        <HeatMap label="Messages by hour and weekday" hours={busiest_hours} />
      </Card>
      <Card
        title="Time until somebody is answered"
        note="From the first message that waits for an answer until somebody of another role writes in the chat."
      >
        <ResponseTable rows={response_time_by_role} />
      </Card>
    </>
  );
}

type Response = Engagement["response_time_by_role"][number];

function ResponseTable({ rows }: { rows: readonly Response[] }) {
  if (rows.length === 0) return <Nothing title="Nobody of another role has answered yet" />;
  return <DataTable caption="Time to answer" rows={rows} keyOf={({ role }) => role} columns={COLUMNS} />;
}

const COLUMNS: ReadonlyArray<Column<Response>> = [
  { head: "Role of who answers", cell: ({ role }) => role },
  { head: "Half within", isNumber: true, cell: ({ median_seconds }) => formatSeconds(median_seconds) },
  { head: "9 of 10 within", isNumber: true, cell: ({ p90_seconds }) => formatSeconds(p90_seconds) },
  { head: "Answers", isNumber: true, cell: ({ answers }) => <Count value={answers} /> },
];
