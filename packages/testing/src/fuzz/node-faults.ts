import { readFileSync } from "node:fs";
import path from "node:path";
import type { TestCluster } from "../test-cluster.js";

/** What the nodes of a cluster have logged of failures that nobody expected. */
export function nodeFaults({ nodes, services }: TestCluster): string[] {
  return nodes.flatMap(({ name }) =>
    readFileSync(path.join(services.dataDir, `${name}.log`), "utf8")
      .split("\n")
      .filter((line) =>
        /"level":"(error|fatal)"|failed unexpectedly|a handshake failed|unhandled/i.test(line),
      ),
  );
}
