import type { RouteResult } from "@parley/client";
import { callServer } from "../../calls/call-server.js";
import { type Poll, usePoll } from "../../calls/use-poll.js";
import type { Rates } from "../../charts/rate-card.js";
import { Count } from "../../parts/count.js";
import { formatMs, formatRate } from "../../parts/numbers.js";
import { Stat } from "../../parts/stat.js";

type Nodes = RouteResult<"GET /v1/admin/nodes">["nodes"];
type Queues = RouteResult<"GET /v1/admin/queues">["queues"];

/** The state of everything in a few numbers. A dash is what is not known yet. */
export function KeyNumbers({ rates }: { rates: Poll<Rates> }) {
  const nodes = usePoll("nodes", () => callServer("GET /v1/admin/nodes"), 5000).data?.nodes;
  const queues = usePoll("queues", () => callServer("GET /v1/admin/queues"), 5000).data?.queues;
  const point = rates.data?.points.at(-1);
  return (
    <dl className="stats">
      <NodesStat nodes={nodes} />
      <Stat
        label="People connected"
        value={nodes ? <Count value={sum(nodes.map(({ users }) => users))} /> : "–"}
      />
      <Stat label="Messages per second" value={point ? formatRate(point.messages_per_second) : "–"} />
      <Stat
        label="Acknowledged within"
        value={point && point.ack_p99_ms !== null ? formatMs(point.ack_p99_ms) : "–"}
        note="99 of 100 messages"
      />
      <Stat
        label="Errors per second"
        value={point ? formatRate(point.errors_per_second) : "–"}
        isBad={(point?.errors_per_second ?? 0) >= 1}
      />
      <QueuesStat queues={queues} />
    </dl>
  );
}

function NodesStat({ nodes }: { nodes: Nodes | undefined }) {
  if (nodes === undefined) return <Stat label="Nodes ready" value="–" />;
  const ready = nodes.filter(({ state }) => state === "ready").length;
  return (
    <Stat
      label="Nodes ready"
      value={`${ready} of ${nodes.length}`}
      isBad={nodes.some(({ state }) => state === "lost" || state === "degraded")}
    />
  );
}

function QueuesStat({ queues }: { queues: Queues | undefined }) {
  if (queues === undefined) return <Stat label="Jobs waiting" value="–" />;
  const stuck = queues.filter(({ trouble }) => trouble !== null).length;
  const failed = sum(queues.map((queue) => queue.failed));
  return (
    <Stat
      label="Jobs waiting"
      value={<Count value={sum(queues.map(({ waiting }) => waiting))} />}
      note={stuck > 0 ? `${stuck} ${stuck === 1 ? "queue" : "queues"} in trouble` : `${failed} failed`}
      isBad={stuck > 0}
    />
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
