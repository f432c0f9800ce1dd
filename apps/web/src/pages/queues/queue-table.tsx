import { callServer } from "../../calls/call-server.js";
import { ActButton } from "../../parts/act-button.js";
import { Badge } from "../../parts/badge.js";
import { Count } from "../../parts/count.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { formatCount, formatSeconds } from "../../parts/numbers.js";
import { Trouble } from "../../parts/trouble.js";
import { PURPOSE, type Queue, queueState, queueTone } from "./queue.js";

export interface QueueTableProps {
  queues: readonly Queue[];
  onActed: () => void;
}

export function QueueTable({ queues, onActed }: QueueTableProps) {
  return (
    <DataTable
      caption="Job queues"
      rows={[...queues].sort((a, b) => Number(b.trouble !== null) - Number(a.trouble !== null))}
      keyOf={({ name }) => name}
      toneOf={(queue) => (queueTone(queue) === "good" ? undefined : queueTone(queue))}
      below={({ trouble }) => trouble && <Trouble text={trouble} />}
      columns={[...COLUMNS, { head: "", cell: (queue) => <QueueActs queue={queue} onActed={onActed} /> }]}
    />
  );
}

const COLUMNS: ReadonlyArray<Column<Queue>> = [
  {
    head: "Queue",
    cell: ({ name }) => (
      <>
        {name}
        <div className="quiet small">{PURPOSE[name]}</div>
      </>
    ),
  },
  {
    head: "State",
    cell: (queue) => <Badge tone={queueTone(queue)}>{queueState(queue)}</Badge>,
  },
  {
    head: "Waiting",
    isNumber: true,
    cell: ({ waiting, oldest_waiting_seconds: oldest }) => (
      <span>
        <Count value={waiting} />
        {oldest !== null && waiting > 0 && <div className="quiet small">for {formatSeconds(oldest)}</div>}
      </span>
    ),
  },
  { head: "Running", isNumber: true, cell: ({ active, slots }) => `${active} of ${slots}` },
  { head: "Later", isNumber: true, cell: ({ delayed }) => <Count value={delayed} /> },
  { head: "Failed", isNumber: true, cell: ({ failed }) => <Count value={failed} /> },
  { head: "Done", isNumber: true, cell: ({ completed }) => <Count value={completed} /> },
  { head: "Workers", isNumber: true, cell: ({ workers }) => workers },
];

function QueueActs({ queue, onActed }: { queue: Queue; onActed: () => void }) {
  const params = { name: queue.name };
  const act = (work: () => Promise<string>) => async () => {
    const words = await work();
    onActed();
    return words;
  };
  const resume = act(async () => {
    await callServer("POST /v1/admin/queues/{name}/resume", { params });
    return `The queue ${queue.name} goes on.`;
  });
  const pause = act(async () => {
    await callServer("POST /v1/admin/queues/{name}/pause", { params });
    return `The queue ${queue.name} is paused.`;
  });
  const retry = act(async () => {
    const { retried } = await callServer("POST /v1/admin/queues/{name}/retry-failed", { params });
    if (retried === 0) return `No job of ${queue.name} had failed any more.`;
    const jobs = retried === 1 ? "1 failed job" : `${formatCount(retried)} failed jobs`;
    return `${jobs} of ${queue.name} ${retried === 1 ? "waits" : "wait"} to run again.`;
  });
  return (
    <div className="buttons">
      {queue.failed > 0 && <ActButton label="Retry failed" of={`jobs of ${queue.name}`} act={retry} />}
      {queue.paused ? (
        <ActButton label="Resume" of={queue.name} isMain act={resume} />
      ) : (
        <ActButton label="Pause" of={queue.name} confirm={pauseWords(queue)} act={pause} />
      )}
    </div>
  );
}

function pauseWords({ name }: Queue) {
  return {
    title: `Pause the queue ${name}?`,
    text: (
      <p>
        No worker begins a job of it until somebody resumes it; jobs that run are finished. Meanwhile:{" "}
        {PAUSED_MEANS[name]}
      </p>
    ),
  };
}

const PAUSED_MEANS: Record<Queue["name"], string> = {
  jobs: "nothing is archived or cleared up.",
  data: "nobody is exported or erased.",
  notifications: "nobody is pushed anything new.",
  campaigns: "running campaigns find no more recipients.",
  push: "no message is pushed.",
  "push-bulk": "no campaign is pushed.",
};
