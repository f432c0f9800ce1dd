import { Count } from "../../parts/count.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { Nothing } from "../../parts/nothing.js";
import { Time } from "../../parts/time.js";
import { Link } from "../../routing/link.js";
import type { ChatDetail } from "./chat-detail.js";

type Member = ChatDetail["member_list"][number];

export interface MemberTableProps {
  members: readonly Member[];
  /** The number of the newest message. */
  messages: number;
}

export function MemberTable({ members, messages }: MemberTableProps) {
  if (members.length === 0) return <Nothing title="Nobody is in this chat" />;
  return (
    <DataTable
      caption="Members"
      rows={members}
      keyOf={({ user_id }) => user_id}
      columns={columnsFor(messages)}
    />
  );
}

const columnsFor = (messages: number): ReadonlyArray<Column<Member>> => [
  {
    head: "Person",
    cell: ({ user_id, name }) => (
      <>
        <Link to={`/users/${encodeURIComponent(user_id)}`}>{name ?? user_id}</Link>
        {name !== null && <div className="quiet small id">{user_id}</div>}
      </>
    ),
  },
  { head: "Role here", cell: ({ role }) => role },
  { head: "Since", cell: ({ joined_at }) => <Time at={joined_at} /> },
  {
    head: "Not read",
    isNumber: true,
    cell: ({ read_seq }) => <Count value={Math.max(0, messages - read_seq)} />,
  },
  {
    head: "Not delivered",
    isNumber: true,
    cell: ({ delivered_seq }) => <Count value={Math.max(0, messages - delivered_seq)} />,
  },
  {
    head: "",
    cell: ({ user_id }) => (
      <Link to={`/pushes?tab=explain&user=${encodeURIComponent(user_id)}`} className="button is-small">
        Why no push?
      </Link>
    ),
  },
];
