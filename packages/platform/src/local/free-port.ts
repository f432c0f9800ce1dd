import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below the ports that systems give to connections on their way out, one of which could take the port before it is used. */
const LOWEST = 11_000;
const HIGHEST = 31_999;
const TRIES = 100;
/** Whoever got one may not listen on it yet. */
const given = new Set<number>();
const MOST_GIVEN = (HIGHEST - LOWEST) / 2;

/** Finds a TCP port on 127.0.0.1 that nobody listens on at the moment. A process gets none twice, but after thousands. */
export async function freePort(): Promise<number> {
  if (given.size > MOST_GIVEN) given.clear();
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (given.has(port)) continue;
    given.add(port);
    if (await isPortFree(port)) return port;
  }
  throw new Error("The system has no free TCP port.");
}

/** Tells whether a TCP port of `host` could be listened on just now. */
export async function isPortFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  return (await tryListen(port, host)) !== undefined;
}

function tryListen(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, host, () => {
      const address = server.address();
      const found = typeof address === "object" && address ? address.port : undefined;
      server.close(() => resolve(found));
    });
  });
}
