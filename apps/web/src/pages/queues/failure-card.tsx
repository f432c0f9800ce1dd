import { Card } from "../../parts/card.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { Nothing } from "../../parts/nothing.js";
import { Time } from "../../parts/time.js";
import type { Queue } from "./queue.js";

type Failure = Queue["recent_failures"][number] & { queue: string };

/** The newest failed jobs of all queues. */
export function FailureCard({ queues }: { queues: readonly Queue[] }) {
  const failures = queues
    .flatMap(({ name, recent_failures }) => recent_failures.map((failure) => ({ ...failure, queue: name })))
    .sort((a, b) => b.failed_at.localeCompare(a.failed_at))
    .slice(0, 30);
  return (
    <Card
      title="Recent failures"
      note="Kept for seven days. A failed job was tried as often as its queue allows."
    >
      {failures.length === 0 ? (
        <Nothing title="No job has failed" />
      ) : (
        <DataTable
          caption="Recently failed jobs"
          rows={failures}
          keyOf={({ queue, job_id }) => `${queue} ${job_id}`}
          columns={COLUMNS}
        />
      )}
    </Card>
  );
}

const COLUMNS: ReadonlyArray<Column<Failure>> = [
  {
    head: "Job",
    cell: ({ name, job_id }) => (
      <>
        {name}
        <div className="quiet small id">{job_id}</div>
      </>
    ),
  },
  { head: "Queue", cell: ({ queue }) => queue },
  { head: "Reason", cell: ({ reason }) => <span>{reason}</span> },
  { head: "Tries", isNumber: true, cell: ({ attempts }) => attempts },
  { head: "Failed", cell: ({ failed_at }) => <Time at={failed_at} isRelative /> },
];
