import type { RouteInput, RouteResult } from "@parley/client";
import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { Page } from "../../layout/page.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Count } from "../../parts/count.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { Loaded } from "../../parts/loaded.js";
import { Nothing } from "../../parts/nothing.js";
import { Pager, usePaging } from "../../parts/pager.js";
import { Time } from "../../parts/time.js";
import { Link } from "../../routing/link.js";
import { usePlace } from "../../routing/use-place.js";
import { ChatFilters } from "./chat-filters.js";
import { chatTitle, STATUS_TONE, STATUS_WORDS, TYPE_WORDS } from "./chat-words.js";

type Chat = RouteResult<"GET /v1/admin/chats">["chats"][number];
type Query = RouteInput<"GET /v1/admin/chats">["query"];

/** Every chat there is, and a search. */
export function ChatsPage() {
  const { query } = usePlace();
  const filters = {
    q: query.get("q") ?? undefined,
    status: query.get("status") ?? undefined,
    type: query.get("type") ?? undefined,
    user_id: query.get("user") ?? undefined,
  } as NonNullable<Query>;
  const key = JSON.stringify(filters);
  const paging = usePaging(key);
  const ask = () =>
    callServer("GET /v1/admin/chats", { query: { ...filters, cursor: paging.cursor, limit: 50 } });
  const poll = usePoll(`chats ${key} ${paging.cursor}`, ask, 15_000);
  return (
    <Page title="Chats" lead="Who is in them and how they stand. Nobody reads messages here.">
      <Card title="Search">
        <ChatFilters />
      </Card>
      <Card title="Chats">
        <Loaded poll={poll} what="The chats">
          {({ chats, next_cursor }) => (
            <div aria-live="polite">
              {chats.length === 0 ? <NoChats isLast={next_cursor === null} /> : <ChatTable chats={chats} />}
              <Pager paging={paging} nextCursor={next_cursor} />
            </div>
          )}
        </Loaded>
      </Card>
    </Page>
  );
}

function NoChats({ isLast }: { isLast: boolean }) {
  if (!isLast) return <Nothing title="None among those looked at so far">“Next” looks further.</Nothing>;
  return (
    <Nothing title="No chat found">
      Ids are found by their first four letters or more, titles by how they begin, orders by the whole.
    </Nothing>
  );
}

function ChatTable({ chats }: { chats: readonly Chat[] }) {
  return <DataTable caption="Chats" rows={chats} keyOf={({ id }) => id} columns={COLUMNS} />;
}

const COLUMNS: ReadonlyArray<Column<Chat>> = [
  {
    head: "Chat",
    cell: (chat) => (
      <>
        <Link to={`/chats/${chat.id}`}>{chatTitle(chat)}</Link>
        <div className="quiet small id">{chat.id}</div>
      </>
    ),
  },
  { head: "Type", cell: ({ type }) => TYPE_WORDS[type] },
  {
    head: "Status",
    cell: ({ status, held }) => (
      <span className="badges">
        <Badge tone={STATUS_TONE[status]}>{STATUS_WORDS[status]}</Badge>
        {held && <Badge tone="warn">On hold</Badge>}
      </span>
    ),
  },
  { head: "Members", isNumber: true, cell: ({ members }) => <Count value={members} /> },
  { head: "Messages", isNumber: true, cell: ({ messages }) => <Count value={messages} /> },
  { head: "Archived", isNumber: true, cell: ({ archived_messages }) => <Count value={archived_messages} /> },
  { head: "Latest message", cell: ({ last_message_at }) => <Time at={last_message_at} /> },
];
