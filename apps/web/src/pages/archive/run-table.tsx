import { Badge } from "../../parts/badge.js";
import { Count } from "../../parts/count.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { formatBytes, formatMs } from "../../parts/numbers.js";
import { Time } from "../../parts/time.js";
import { Trouble } from "../../parts/trouble.js";
import { Link } from "../../routing/link.js";
import { outcomeTone, outcomeWords } from "../pushes/outcome-words.js";
import type { Archive } from "./archive.js";

type Run = Archive["runs"][number];

export function RunTable({ runs }: { runs: readonly Run[] }) {
  return (
    <DataTable
      caption="Runs of the archive"
      rows={runs}
      keyOf={({ id }) => id}
      toneOf={({ state }) => (state === "failed" ? "bad" : state === "interrupted" ? "warn" : undefined)}
      below={({ error }) => error && <Trouble text={error} />}
      columns={COLUMNS}
    />
  );
}

const KINDS: Record<Run["kind"], string> = {
  scheduled: "By the clock",
  requested: "Asked for",
  archive: "One chat archived",
  restore: "One chat restored",
  purge: "Archive of one chat deleted",
};

const COLUMNS: ReadonlyArray<Column<Run>> = [
  {
    head: "Run",
    cell: ({ kind, chat_id, requested_by }) => (
      <>
        {KINDS[kind]}
        <div className="quiet small">
          {requested_by && <>by {requested_by} </>}
          {chat_id && (
            <Link to={`/chats/${chat_id}`} className="id">
              {chat_id.slice(0, 13)}…
            </Link>
          )}
        </div>
      </>
    ),
  },
  {
    head: "State",
    cell: ({ state }) => (
      <Badge tone={state === "interrupted" ? "warn" : outcomeTone(state)}>{outcomeWords(state)}</Badge>
    ),
  },
  { head: "Began", cell: ({ started_at }) => <Time at={started_at} none="not yet" /> },
  { head: "Took", isNumber: true, cell: durationOf },
  { head: "Chats", isNumber: true, cell: ({ chats }) => <Count value={chats} /> },
  { head: "Messages", isNumber: true, cell: ({ messages }) => <Count value={messages} /> },
  { head: "Deleted", isNumber: true, cell: ({ purged }) => <Count value={purged} /> },
  {
    head: "Size",
    isNumber: true,
    cell: ({ bytes_before, bytes_after }) =>
      bytes_before === 0 ? "–" : `${formatBytes(bytes_before)} → ${formatBytes(bytes_after)}`,
  },
];

function durationOf({ started_at, finished_at }: Run): string {
  if (started_at === null || finished_at === null) return "–";
  return formatMs(Date.parse(finished_at) - Date.parse(started_at));
}
