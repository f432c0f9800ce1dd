import type { RouteInput } from "@parley/client";
import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { Page } from "../../layout/page.js";
import { Card } from "../../parts/card.js";
import { Loaded } from "../../parts/loaded.js";
import { Nothing } from "../../parts/nothing.js";
import { Pager, usePaging } from "../../parts/pager.js";
import { usePlace } from "../../routing/use-place.js";
import { AuditFilters } from "./audit-filters.js";
import { EntryTable } from "./entry-table.js";

type Query = NonNullable<RouteInput<"GET /v1/admin/audit">["query"]>;

/** Who did what, and what was refused. */
export function AuditPage() {
  const filters = filtersOf(usePlace().query);
  const key = JSON.stringify(filters);
  const paging = usePaging(key);
  const ask = () =>
    callServer("GET /v1/admin/audit", { query: { ...filters, cursor: paging.cursor, limit: 50 } });
  const poll = usePoll(`audit ${key} ${paging.cursor}`, ask, 15_000);
  return (
    <Page
      title="Audit log"
      lead="What operators did and what was refused, the newest first. It can't be changed here."
    >
      <Card title="Filters">
        <AuditFilters key={key} />
      </Card>
      <Card title="Entries">
        <Loaded poll={poll} what="The audit log">
          {({ entries, next_cursor }) => (
            <div aria-live="polite">
              {entries.length === 0 ? (
                <Nothing title={next_cursor ? "None among those looked at so far" : "No entry found"}>
                  {next_cursor
                    ? "“Next” looks further back."
                    : "Acts of administrators are noted from the first on."}
                </Nothing>
              ) : (
                <EntryTable entries={entries} />
              )}
              <Pager paging={paging} nextCursor={next_cursor} />
            </div>
          )}
        </Loaded>
      </Card>
    </Page>
  );
}

function filtersOf(query: URLSearchParams): Query {
  const read = (name: string) => query.get(name) ?? undefined;
  const timeOf = (text: string | undefined) => {
    const moment = text === undefined ? Number.NaN : Date.parse(text);
    return Number.isNaN(moment) ? undefined : new Date(moment).toISOString();
  };
  return {
    actor: read("actor"),
    action: read("action"),
    subject: read("subject"),
    from: timeOf(read("from")),
    to: timeOf(read("to")),
  };
}
