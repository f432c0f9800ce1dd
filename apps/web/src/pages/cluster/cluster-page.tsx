import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { RateCard, type RateLine } from "../../charts/rate-card.js";
import { Page } from "../../layout/page.js";
import { Card } from "../../parts/card.js";
import { Count } from "../../parts/count.js";
import { Incomplete } from "../../parts/incomplete.js";
import { Loaded } from "../../parts/loaded.js";
import { Nothing } from "../../parts/nothing.js";
import { formatCount, formatMs } from "../../parts/numbers.js";
import { Stat } from "../../parts/stat.js";
import { type ClusterNode, nodeTone, sickestFirst } from "./node.js";
import { NodeTable } from "./node-table.js";

/** Which node is sick, and what to do with it. */
export function ClusterPage() {
  const nodes = usePoll("nodes", () => callServer("GET /v1/admin/nodes"), 3000);
  const rates = usePoll("rates", () => callServer("GET /v1/admin/rates"), 10_000);
  return (
    <Page title="Cluster" lead="Every API node and worker, the sick ones first.">
      <Loaded poll={nodes} what="The nodes">
        {(data) => (
          <>
            <Incomplete text={data.incomplete} />
            <Summary nodes={data.nodes} />
            <Card title="Nodes">
              {data.nodes.length === 0 ? (
                <Nothing title="No node has reported">Each reports within seconds of its start.</Nothing>
              ) : (
                <NodeTable nodes={sickestFirst(data.nodes)} onDrained={nodes.refresh} />
              )}
            </Card>
          </>
        )}
      </Loaded>
      <div className="grid two">
        <RateCard title="Connections" poll={rates} lines={CONNECTIONS} format={formatCount} isWhole />
        <RateCard title="Time until a message is acknowledged" poll={rates} lines={ACKS} format={formatMs} />
      </div>
    </Page>
  );
}

const CONNECTIONS: readonly RateLine[] = [{ name: "Connections", read: (point) => point.connections }];
const ACKS: readonly RateLine[] = [
  { name: "99 of 100 within", read: (point) => point.ack_p99_ms },
  { name: "half within", read: (point) => point.ack_p50_ms },
];

function Summary({ nodes }: { nodes: readonly ClusterNode[] }) {
  const sick = nodes.filter((node) => nodeTone(node) === "bad").length;
  const sum = (read: (node: ClusterNode) => number) => nodes.reduce((total, node) => total + read(node), 0);
  const versions = [...new Set(nodes.map(({ version }) => version))];
  const ready = nodes.filter(({ state }) => state === "ready").length;
  return (
    <dl className="stats">
      <Stat label="Nodes ready" value={`${ready} of ${nodes.length}`} />
      <Stat label="Sick or lost" value={sick} isBad={sick > 0} />
      <Stat label="Connections" value={<Count value={sum((node) => node.connections)} />} />
      <Stat
        label="Version"
        value={versions.length > 1 ? `${versions.length} different` : (versions[0] ?? "–")}
        note={versions.length > 1 ? versions.join(", ") : undefined}
      />
    </dl>
  );
}
