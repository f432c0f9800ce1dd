import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { LocalFault } from "./local-fault.js";
import { type ReadinessWatch, watchReadiness } from "./readiness-watch.js";
import { joinSockets, refuse } from "./socket-pair.js";

export interface LoadBalancerOptions {
  port: number;
  /** Address to listen on; only this machine when left out. */
  host?: string;
  /** Ports on 127.0.0.1 of the nodes behind it. */
  targets: { name: string; port: number }[];
  /** Time between two looks at a node's /readyz, in milliseconds. */
  checkEveryMs?: number;
  /** How long a node may take to accept a connection, in milliseconds. */
  dialWithinMs?: number;
  /** Gets one line whenever a node comes or goes. */
  log?: (line: string) => void;
}

export interface LoadBalancer {
  port: number;
  url: string;
  /** Names of the nodes that get new connections at the moment. */
  readyNodes(): string[];
  /** Stops accepting and closes what is still open after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

interface Target {
  name: string;
  port: number;
  ready: boolean;
  connections: number;
  lastTurn: number;
  watch?: ReadinessWatch;
}

interface Balancing {
  targets: Target[];
  sockets: Set<Socket>;
  turn: number;
  dialWithinMs: number;
}

const targetHost = "127.0.0.1";
const DIAL_WITHIN_MS = 2_000;

/**
 * Spreads TCP connections over the nodes that are ready, each to the one with the fewest. It passes bytes and adds
 * nothing, so WebSockets, streams and keep-alive work as without it. Connections stay with their node.
 */
export async function startLoadBalancer(options: LoadBalancerOptions): Promise<LoadBalancer> {
  const balancing: Balancing = {
    targets: options.targets.map((target) => ({ ...target, ready: false, connections: 0, lastTurn: 0 })),
    sockets: new Set(),
    turn: 0,
    dialWithinMs: options.dialWithinMs ?? DIAL_WITHIN_MS,
  };
  const host = options.host ?? "127.0.0.1";
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => accept(balancing, client));
  await listen(server, options.port, host);
  for (const target of balancing.targets) {
    target.watch = watchReadiness({
      host: targetHost,
      port: target.port,
      intervalMs: options.checkEveryMs ?? 500,
      onChange: (ready) => {
        target.ready = ready;
        options.log?.(`${target.name} is ${ready ? "ready" : "not ready"}`);
      },
    });
  }
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : options.port;
  return {
    port,
    url: `http://${host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host}:${port}`,
    readyNodes: () => balancing.targets.filter((target) => target.ready).map((target) => target.name),
    stop: (graceMs = 0) => stop(server, balancing, graceMs),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "EADDRINUSE" ? "is taken" : `can't be used (${error.code})`;
      reject(new LocalFault(`Port ${port} ${reason}: stop what uses it or set PORT to another.`));
    });
    server.listen(port, host, resolve);
  });
}

function accept(balancing: Balancing, client: Socket): void {
  balancing.sockets.add(client);
  client.on("close", () => balancing.sockets.delete(client));
  client.on("error", () => client.destroy());
  void forward(balancing, client, new Set());
}

/** Tries the ready nodes in turn; a node that doesn't answer is left out until its next look shows it ready. */
async function forward(balancing: Balancing, client: Socket, tried: Set<Target>): Promise<void> {
  const target = leastBusy(balancing.targets.filter((candidate) => candidate.ready && !tried.has(candidate)));
  if (!target) return refuse(client);
  tried.add(target);
  target.connections += 1;
  balancing.turn += 1;
  target.lastTurn = balancing.turn;
  const upstream = dial({ host: targetHost, port: target.port, allowHalfOpen: true, noDelay: true });
  upstream.once("close", () => {
    target.connections -= 1;
  });
  const connected = await answered(upstream, balancing.dialWithinMs);
  if (client.destroyed) {
    upstream.destroy();
  } else if (connected) {
    balancing.sockets.add(upstream);
    upstream.once("close", () => balancing.sockets.delete(upstream));
    joinSockets(client, upstream);
  } else {
    upstream.destroy();
    target.ready = false;
    target.watch?.doubt();
    await forward(balancing, client, tried);
  }
}

/** Among equals the one that waited longest, so that idle nodes take turns. */
function leastBusy(targets: Target[]): Target | undefined {
  return targets.sort((a, b) => a.connections - b.connections || a.lastTurn - b.lastTurn)[0];
}

function answered(upstream: Socket, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    // After a stall of the event loop its timers come first: a connection that is there counts.
    const late = setTimeout(() => setImmediate(() => resolve(false)), withinMs);
    const settle = (connected: boolean) => () => {
      clearTimeout(late);
      resolve(connected);
    };
    upstream.once("connect", settle(true));
    upstream.on("error", settle(false));
  });
}

async function stop(server: Server, { targets, sockets }: Balancing, graceMs: number): Promise<void> {
  for (const target of targets) target.watch?.stop();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const grace = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await closed;
  clearTimeout(grace);
  for (const socket of sockets) socket.destroy();
}
