import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { Loaded } from "../../parts/loaded.js";
import { Nothing } from "../../parts/nothing.js";
import { Pager, usePaging } from "../../parts/pager.js";
import { Time } from "../../parts/time.js";
import { Link } from "../../routing/link.js";
import { outcomeTone, outcomeWords } from "../pushes/outcome-words.js";
import type { DataTask } from "./data-task.js";
import { DownloadButton } from "./download-button.js";
import { reportSentences, reportWords } from "./report-words.js";

/** Exports and erasures: of one person, or all. */
export function TaskCard({ userId }: { userId?: string }) {
  const paging = usePaging(`tasks ${userId}`);
  const query = { user_id: userId, cursor: paging.cursor, limit: userId === undefined ? 10 : 5 };
  const poll = usePoll(
    `tasks ${userId} ${paging.cursor}`,
    () => callServer("GET /v1/admin/tasks", { query }),
    3000,
  );
  return (
    <Card title="Exports and erasures">
      <Loaded poll={poll} what="The exports and erasures">
        {({ tasks, next_cursor }) => (
          <div aria-live="polite">
            {tasks.length === 0 ? (
              <Nothing title="None was asked for" />
            ) : (
              <DataTable
                caption="Exports and erasures"
                rows={tasks}
                keyOf={({ id }) => id}
                columns={COLUMNS}
              />
            )}
            <Pager paging={paging} nextCursor={next_cursor} />
          </div>
        )}
      </Loaded>
    </Card>
  );
}

/** What is left of an erased person begins so, and has no page. */
const PSEUDONYM = "erased:";

const COLUMNS: ReadonlyArray<Column<DataTask>> = [
  { head: "What", cell: ({ kind }) => (kind === "export" ? "Export" : "Erasure") },
  {
    head: "Person",
    cell: ({ user_id }) =>
      user_id.startsWith(PSEUDONYM) ? (
        <span className="id">{user_id}</span>
      ) : (
        <Link to={`/users/${encodeURIComponent(user_id)}`} className="id">
          {user_id}
        </Link>
      ),
  },
  { head: "State", cell: (task) => <TaskState task={task} /> },
  { head: "Asked for", cell: ({ created_at }) => <Time at={created_at} /> },
  { head: "By", cell: ({ requested_by }) => <span className="id">{requested_by}</span> },
  { head: "", cell: (task) => <DownloadButton task={task} /> },
];

function TaskReport({ report }: { report: NonNullable<DataTask["report"]> }) {
  const sentences = reportSentences(report);
  return (
    <div className="small quiet">
      {reportWords(report)}
      {sentences.length > 0 && (
        <details>
          <summary>What stays, and why</summary>
          <ul className="listed">
            {sentences.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** As in `legal_hold: the person is on legal hold`, where the code says nothing more. */
function errorWords(error: string): string {
  const text = error.replace(/^[a-z_]+: /, "");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function TaskState({ task: { state, progress, error, report } }: { task: DataTask }) {
  const percent = Math.round((progress ?? 0) * 100);
  return (
    <div className="stack">
      <span className="badges">
        <Badge tone={outcomeTone(state)}>{outcomeWords(state)}</Badge>
        {state === "running" && progress !== null && <span className="quiet small">{percent} %</span>}
      </span>
      {state === "running" && progress !== null && (
        <div
          className="bar"
          role="progressbar"
          aria-label="Progress"
          aria-valuenow={percent}
          aria-valuemin={0}
          aria-valuemax={100}
        >
          <i style={{ width: `${percent}%` }} />
        </div>
      )}
      {error && <span className="small">{errorWords(error)}</span>}
      {report && <TaskReport report={report} />}
    </div>
  );
}
