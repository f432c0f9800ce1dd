import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface RivalProcess {
  pid: number;
  url: string;
  stop(): Promise<void>;
}

/** Starts a rival's server, which tells its port when it listens. */
export async function startRival(script: string, env: NodeJS.ProcessEnv): Promise<RivalProcess> {
  const child: ChildProcess = fork(script, { env: { ...process.env, ...env }, execArgv: [] });
  const [port] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => Promise.reject(new Error(`${script} ended before it listened`))),
  ])) as [number];
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Listens on a free port and tells the starter which. */
export function tellPort(server: Server): void {
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
  process.on("disconnect", () => process.exit(0));
}
