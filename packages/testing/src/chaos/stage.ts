import type { ChaosCluster } from "./chaos-cluster.js";
import type { LoadProcess } from "./load-process.js";
import type { Random } from "./random.js";
import type { Recorder } from "./recorder.js";

/** Where a scenario plays. */
export interface Stage {
  cluster: ChaosCluster;
  load: LoadProcess;
  /** For what the scenario itself does. */
  recorder: Recorder;
  random: Random;
  users: string[];
  /** Those of them who can be told not to read. */
  slow: string[];
  /** How long things are to be broken, where that is not part of the scenario. */
  faultMs: number;
  /** A shortened run: faults that have a length of their own take a part of it. */
  short: boolean;
}
