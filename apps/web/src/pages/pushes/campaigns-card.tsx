import type { RouteResult } from "@parley/client";
import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Count } from "../../parts/count.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { Loaded } from "../../parts/loaded.js";
import { Nothing } from "../../parts/nothing.js";
import { Pager, usePaging } from "../../parts/pager.js";
import { Time } from "../../parts/time.js";
import { Link } from "../../routing/link.js";
import { outcomeTone, outcomeWords } from "./outcome-words.js";

type Campaign = RouteResult<"GET /v1/notifications/batch">["batches"][number];

/** All campaigns, the newest first. */
export function CampaignsCard() {
  const paging = usePaging("campaigns");
  const query = { limit: 20, cursor: paging.cursor };
  const poll = usePoll(`campaigns ${paging.cursor}`, () =>
    callServer("GET /v1/notifications/batch", { query }),
  );
  return (
    <Card title="Campaigns">
      <Loaded poll={poll} what="The campaigns">
        {({ batches, next_cursor }) => (
          <>
            {batches.length === 0 ? (
              <Nothing title="There is no campaign">
                They are made with <code>POST /v1/notifications/batch</code>; see /docs/rest.
              </Nothing>
            ) : (
              <DataTable
                caption="Campaigns"
                rows={batches}
                keyOf={({ batch_id }) => batch_id}
                columns={COLUMNS}
              />
            )}
            <Pager paging={paging} nextCursor={next_cursor} />
          </>
        )}
      </Loaded>
    </Card>
  );
}

const COLUMNS: ReadonlyArray<Column<Campaign>> = [
  {
    head: "Campaign",
    cell: ({ batch_id, notification }) => (
      <Link to={`/pushes/campaigns/${batch_id}`}>{notification.title}</Link>
    ),
  },
  { head: "State", cell: ({ state }) => <Badge tone={outcomeTone(state)}>{outcomeWords(state)}</Badge> },
  {
    head: "Recipients",
    isNumber: true,
    cell: ({ total, expanded }) => (
      <span>
        <Count value={total} />
        {!expanded && <span className="quiet small"> so far</span>}
      </span>
    ),
  },
  {
    head: "Variants",
    isNumber: true,
    cell: ({ variants }) => (variants.length === 0 ? "–" : variants.length),
  },
  { head: "Begins", cell: ({ send_at }) => <Time at={send_at} /> },
  { head: "By", cell: ({ created_by }) => <span className="id">{created_by}</span> },
];
