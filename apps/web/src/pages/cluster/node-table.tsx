import { callServer } from "../../calls/call-server.js";
import { ActButton } from "../../parts/act-button.js";
import { Badge } from "../../parts/badge.js";
import { Count } from "../../parts/count.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { formatBytes, formatMs, formatWhole } from "../../parts/numbers.js";
import { Time } from "../../parts/time.js";
import { Trouble } from "../../parts/trouble.js";
import { type ClusterNode, nodeTone, STATE_WORDS } from "./node.js";

export interface NodeTableProps {
  nodes: readonly ClusterNode[];
  onDrained: () => void;
}

export function NodeTable({ nodes, onDrained }: NodeTableProps) {
  return (
    <DataTable
      caption="Nodes of the cluster"
      rows={nodes}
      keyOf={({ id, started_at }) => `${id} ${started_at}`}
      toneOf={(node) => (nodeTone(node) === "good" ? undefined : nodeTone(node))}
      below={({ trouble }) => trouble && <Trouble text={trouble} />}
      columns={[
        ...COLUMNS,
        { head: "", cell: (node) => <DrainButton node={node} nodes={nodes} onDrained={onDrained} /> },
      ]}
    />
  );
}

const COLUMNS: ReadonlyArray<Column<ClusterNode>> = [
  {
    head: "Node",
    cell: ({ id, kind, version, started_at }) => (
      <>
        <span className="id">{id}</span>
        <div className="quiet small one-line">
          {kind === "api" ? "API node" : "Worker"}, {version}
          <br />
          started <Time at={started_at} isRelative />
        </div>
      </>
    ),
  },
  {
    head: "State",
    cell: (node) => <Badge tone={nodeTone(node)}>{STATE_WORDS[node.state]}</Badge>,
  },
  {
    head: "Connections",
    isNumber: true,
    cell: ({ kind, connections }) => (kind === "api" ? <Count value={connections} /> : "–"),
  },
  { head: "Loop lag p99", isNumber: true, cell: (node) => unlessLost(node, formatMs(node.loop_lag_p99_ms)) },
  { head: "CPU", isNumber: true, cell: (node) => unlessLost(node, `${Math.round(node.cpu_percent)} %`) },
  { head: "Memory", isNumber: true, cell: (node) => unlessLost(node, formatBytes(node.memory_bytes)) },
  { head: "Depends on", cell: (node) => <Dependencies node={node} /> },
  { head: "Seen", cell: ({ seen_at }) => <Time at={seen_at} isRelative /> },
];

/** What a node said last means nothing once it is lost. */
function unlessLost({ state }: ClusterNode, text: string): string {
  return state === "lost" ? "–" : text;
}

function Dependencies({ node }: { node: ClusterNode }) {
  if (node.state === "lost") return <span className="quiet">unknown</span>;
  return (
    <span className="badges">
      {Object.entries(node.dependencies).map(([name, { ok, latency_ms, reason }]) => (
        <span key={name} title={reason ?? (latency_ms === null ? "" : formatMs(latency_ms))}>
          <Badge tone={ok ? "good" : "bad"}>{ok ? name : `${name} failing`}</Badge>
        </span>
      ))}
    </span>
  );
}

function connectionWords(count: number): string {
  return count === 1 ? "Its one connection is" : `Its ${formatWhole(count)} connections are`;
}

function DrainButton({ node, nodes, onDrained }: NodeTableProps & { node: ClusterNode }) {
  if (node.state === "lost" || node.state === "draining" || node.drain_asked) return null;
  const others = nodes.filter(
    ({ id, kind, state }) => id !== node.id && kind === node.kind && state === "ready",
  );
  const what =
    node.kind === "api"
      ? `${connectionWords(node.connections)} sent to the other nodes at a bounded pace, and it takes no new ones.`
      : "It finishes the jobs that run, and takes no new ones.";
  return (
    <div className="buttons">
      <ActButton
        label="Drain"
        of={node.id}
        isGrave={others.length === 0}
        confirm={{
          title: `Drain ${node.id}?`,
          text: (
            <div className="stack">
              <p>{what} It does not come back by itself: stop or restart it afterwards.</p>
              {others.length === 0 && (
                <div className="notice is-bad">
                  <strong>No other {node.kind === "api" ? "API node" : "worker"} is ready.</strong>
                  {node.kind === "api" ? "Nobody could connect any more." : "No job would run any more."}
                </div>
              )}
            </div>
          ),
          reason: "wanted",
        }}
        act={async ({ reason }) => {
          await callServer("POST /v1/admin/nodes/{node_id}/drain", {
            params: { node_id: node.id },
            body: reason === "" ? {} : { reason },
          });
          onDrained();
          return `${node.id} was asked to drain.`;
        }}
      />
    </div>
  );
}
