import type { RouteResult } from "@parley/client";
import { type FormEvent, useState } from "react";
import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { Page } from "../../layout/page.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { Loaded } from "../../parts/loaded.js";
import { Nothing } from "../../parts/nothing.js";
import { Pager, usePaging } from "../../parts/pager.js";
import { TextField } from "../../parts/text-field.js";
import { Time } from "../../parts/time.js";
import { Link } from "../../routing/link.js";
import { changeQuery } from "../../routing/location.js";
import { usePlace } from "../../routing/use-place.js";
import { TaskCard } from "./task-card.js";
import { UserBadges } from "./user-badges.js";

type User = RouteResult<"GET /v1/admin/users">["users"][number];

/** Everybody, and a search. */
export function UsersPage() {
  const q = usePlace().query.get("q") ?? undefined;
  const paging = usePaging(`users ${q}`);
  const ask = () => callServer("GET /v1/admin/users", { query: { q, cursor: paging.cursor, limit: 50 } });
  const poll = usePoll(`users ${q} ${paging.cursor}`, ask, 15_000);
  return (
    <Page title="Users">
      <Card title="Search">
        <UserSearch key={q} />
      </Card>
      <Card title="People">
        <Loaded poll={poll} what="The people">
          {({ users, next_cursor }) => (
            <div aria-live="polite">
              {users.length === 0 ? (
                <Nothing title={q ? "Nobody found" : "Nobody has been here yet"}>
                  {q
                    ? "People are found by how their id or name begins."
                    : "People are known from their first request on."}
                </Nothing>
              ) : (
                <DataTable caption="People" rows={users} keyOf={({ id }) => id} columns={COLUMNS} />
              )}
              <Pager paging={paging} nextCursor={next_cursor} />
            </div>
          )}
        </Loaded>
      </Card>
      <TaskCard />
    </Page>
  );
}

function UserSearch() {
  const { query } = usePlace();
  const [text, setText] = useState(query.get("q") ?? "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    changeQuery({ q: text.trim() });
  };
  return (
    <form className="filters" onSubmit={submit}>
      <TextField
        label="Id or name, from the beginning"
        type="search"
        value={text}
        onChange={setText}
        isWide
      />
      <div>
        <button type="submit" className="button is-main">
          Search
        </button>
      </div>
    </form>
  );
}

const COLUMNS: ReadonlyArray<Column<User>> = [
  {
    head: "Person",
    cell: ({ id, name }) => (
      <>
        <Link to={`/users/${encodeURIComponent(id)}`}>{name ?? id}</Link>
        {name !== null && <div className="quiet small id">{id}</div>}
      </>
    ),
  },
  { head: "Role", cell: ({ role }) => role },
  { head: "State", cell: (user) => <UserBadges user={user} /> },
  { head: "Chats", isNumber: true, cell: ({ chats }) => (chats >= 500 ? "500+" : chats) },
  {
    head: "Last seen",
    cell: ({ online, last_seen_at }) =>
      online ? <Badge tone="good">now</Badge> : <Time at={last_seen_at} none="unknown" />,
  },
];
