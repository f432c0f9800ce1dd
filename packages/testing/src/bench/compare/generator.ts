import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ConnectPlan, GeneratorAnswer, GeneratorOrder, RoundResult } from "./generator-protocol.js";

const MAIN = fileURLToPath(new URL("generator-main.js", import.meta.url));

/** A load generator's process. */
export class Generator {
  readonly #process: ChildProcess = fork(MAIN, { execArgv: [] });

  /** Seconds until everybody was connected. */
  async connect(plan: ConnectPlan): Promise<number> {
    const answer = await this.#order({ type: "connect", plan });
    return answer.type === "connected" ? answer.seconds : Number.NaN;
  }

  async measure(order: Exclude<GeneratorOrder, { type: "connect" }>): Promise<RoundResult> {
    const answer = await this.#order(order);
    if (answer.type !== "measured") throw new Error("the generator answered something else");
    return answer.result;
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, "exit");
    this.#process.disconnect();
    await exited;
  }

  async #order(order: GeneratorOrder): Promise<GeneratorAnswer> {
    this.#process.send(order);
    const [answer] = (await once(this.#process, "message")) as [GeneratorAnswer];
    if (answer.type === "failed") throw new Error(answer.reason);
    return answer;
  }
}
