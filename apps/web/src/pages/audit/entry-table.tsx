import type { RouteResult } from "@parley/client";
import { Badge } from "../../parts/badge.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { Time } from "../../parts/time.js";
import { Link } from "../../routing/link.js";

type Entry = RouteResult<"GET /v1/admin/audit">["entries"][number];

export function EntryTable({ entries }: { entries: readonly Entry[] }) {
  return <DataTable caption="Audit log" rows={entries} keyOf={({ id }) => id} columns={COLUMNS} />;
}

const COLUMNS: ReadonlyArray<Column<Entry>> = [
  {
    head: "Action",
    cell: ({ action, outcome }) => (
      <span className="badges">
        <code>{action}</code>
        {outcome === "refused" && <Badge tone="bad">Refused</Badge>}
      </span>
    ),
  },
  { head: "When", cell: ({ at }) => <Time at={at} /> },
  {
    head: "Who",
    cell: ({ actor }) =>
      actor === null ? (
        <span className="quiet">nobody known</span>
      ) : (
        <span>
          <Link to={`/users/${encodeURIComponent(actor.id)}`} className="id">
            {actor.id}
          </Link>{" "}
          <span className="quiet small">{actor.role}</span>
        </span>
      ),
  },
  { head: "About", cell: ({ subject }) => <Subject subject={subject} /> },
  { head: "Reason", cell: ({ reason }) => <span>{reason ?? "–"}</span> },
  {
    head: "Details",
    cell: ({ detail, request_id, address }) => (
      <div className="small quiet">
        {Object.entries(detail).map(([name, value]) => (
          <div key={name}>
            {name.replaceAll("_", " ")}: {typeof value === "string" ? value : JSON.stringify(value)}
          </div>
        ))}
        {address && <div>from {address}</div>}
        {request_id && <div className="id">{request_id}</div>}
      </div>
    ),
  },
];

const PAGES: Readonly<Record<string, string>> = {
  user: "/users",
  chat: "/chats",
  campaign: "/pushes/campaigns",
};

function Subject({ subject }: Pick<Entry, "subject">) {
  if (subject === null) return <span>–</span>;
  const { kind, id } = subject;
  const page = PAGES[kind];
  return (
    <span>
      <span className="quiet small">{kind} </span>
      {page ? (
        <Link to={`${page}/${encodeURIComponent(id)}`} className="id">
          {id}
        </Link>
      ) : (
        <span className="id">{id}</span>
      )}
    </span>
  );
}
