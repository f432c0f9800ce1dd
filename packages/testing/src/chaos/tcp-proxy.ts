import { createServer, connect as dial, type Socket } from "node:net";

/** A stretch of wire between one node and a server, which can be cut and joined again. */
export interface TcpProxy {
  port: number;
  /** Breaks all connections and refuses new ones. */
  cut(): void;
  /** Keeps the connections and passes nothing on: the other side seems to hang. */
  hang(): void;
  /** Passes nothing on that comes from the server: the client seems not to read. Joining goes on where this began. */
  stall(): void;
  /** Passes on so many bytes more that come from clients, in whole reads, then none: they seem to send slowly. Joining goes on where this began. */
  choke(bytes: number): void;
  join(): void;
  /** New connections lead to another port; those that are there stay. */
  lead(target: number): void;
  stop(): Promise<void>;
}

interface Wire {
  target: number;
  state: "joined" | "cut" | "hanging" | "stalled" | "choked";
  /** Of a choked wire: what clients may still send. */
  allowance: number;
  sockets: Set<Socket>;
  /** Those of them that lead to the server. */
  far: Set<Socket>;
}

/** Listens on a free port of this machine and passes bytes to and from `target` on it. */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const wire: Wire = { target, state: "joined", allowance: 0, sockets: new Set(), far: new Set() };
  const server = createServer({ noDelay: true }, (near) => connectWire(wire, near));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const destroyAll = () => {
    for (const socket of wire.sockets) socket.destroy();
  };
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut: () => {
      wire.state = "cut";
      destroyAll();
    },
    hang: () => {
      wire.state = "hanging";
      for (const socket of wire.sockets) socket.pause();
    },
    stall: () => {
      wire.state = "stalled";
      for (const socket of wire.far) socket.pause();
    },
    choke: (bytes) => {
      wire.state = "choked";
      wire.allowance = bytes;
    },
    join: () => {
      // What hung is broken off, as by a network that came back: bytes may have been lost on the way.
      if (wire.state === "hanging") destroyAll();
      wire.state = "joined";
      for (const socket of wire.sockets) socket.resume();
    },
    lead: (elsewhere) => {
      wire.target = elsewhere;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        destroyAll();
      }),
  };
}

function connectWire(wire: Wire, near: Socket): void {
  if (wire.state === "cut") {
    near.destroy();
    return;
  }
  const far = dial({ host: "127.0.0.1", port: wire.target, noDelay: true });
  wire.far.add(far);
  const flows = (socket: Socket) => {
    if (wire.state === "stalled") return socket === near;
    if (wire.state === "choked") return socket === far || wire.allowance > 0;
    return wire.state === "joined";
  };
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ] as const) {
    wire.sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      wire.sockets.delete(socket);
      wire.far.delete(socket);
      other.destroy();
    });
    // Not `pipe`: it would let a paused socket flow again as soon as the other side drains.
    socket.on("data", (bytes) => {
      if (socket === near) wire.allowance -= bytes.length;
      const isTaken = other.write(bytes);
      if (!flows(socket)) socket.pause();
      else if (!isTaken) {
        socket.pause();
        other.once("drain", () => {
          if (flows(socket)) socket.resume();
        });
      }
    });
    if (!flows(socket)) socket.pause();
  }
}
