import type { RouteResult } from "@parley/client";
import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { Loaded } from "../../parts/loaded.js";
import { Nothing } from "../../parts/nothing.js";
import { Time } from "../../parts/time.js";
import { Link } from "../../routing/link.js";
import { outcomeTone, outcomeWords } from "./outcome-words.js";

export type Notification = RouteResult<"GET /v1/admin/users/{user_id}">["recent_notifications"][number];

/** What one person was told of lately, and a way to the story of each. */
export function RecentNotifications({ userId, chosen = "" }: { userId: string; chosen?: string }) {
  const ask = () => callServer("GET /v1/admin/users/{user_id}", { params: { user_id: userId } });
  const poll = usePoll(`user ${userId}`, ask, 10_000);
  return (
    <Card title={`Newest notifications of ${userId}`}>
      <Loaded poll={poll} what="The notifications">
        {({ recent_notifications: rows, subscriptions }) => (
          <div className="stack">
            {subscriptions.length === 0 && (
              <div className="notice is-warn">
                <strong>This person has no device that takes pushes.</strong>
                Nothing can be pushed until their browser subscribes again, at the next start of the app.
              </div>
            )}
            {rows.length === 0 ? (
              <Nothing title="No notification was made for this person lately" />
            ) : (
              <DataTable
                caption="Newest notifications"
                rows={rows}
                keyOf={({ id }) => id}
                columns={columnsFor(userId)}
                toneOf={({ message_id }) => (message_id === chosen && chosen !== "" ? "warn" : undefined)}
              />
            )}
          </div>
        )}
      </Loaded>
    </Card>
  );
}

const columnsFor = (userId: string): ReadonlyArray<Column<Notification>> => [
  { head: "Type", cell: ({ type }) => outcomeWords(type) },
  {
    head: "State",
    cell: ({ state, reason }) => (
      <span className="badges">
        <Badge tone={outcomeTone(state)}>{outcomeWords(state)}</Badge>
        {reason && <code>{reason}</code>}
      </span>
    ),
  },
  { head: "Made", cell: ({ created_at }) => <Time at={created_at} /> },
  {
    head: "Chat",
    cell: ({ chat_id }) =>
      chat_id === null ? (
        "–"
      ) : (
        <Link to={`/chats/${chat_id}`} className="id">
          {chat_id.slice(0, 13)}…
        </Link>
      ),
  },
  {
    head: "",
    cell: ({ message_id }) =>
      message_id && (
        <Link
          to={`/pushes?tab=explain&user=${encodeURIComponent(userId)}&message=${message_id}`}
          className="button is-small"
        >
          Explain
        </Link>
      ),
  },
];
