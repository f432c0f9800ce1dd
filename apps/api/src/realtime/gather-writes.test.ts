import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket as TcpSocket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { until } from "@parley/testing";
import { Server as SocketServer } from "socket.io";
import { afterEach, beforeEach, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { Connection } from "./connection.js";
import { encodeEngineFrame } from "./encode-once.js";
import { gatherEngineWrites, sendGathered } from "./gather-writes.js";
import type { ChatSocket } from "./socket-types.js";

let http: Server;
let port: number;
let heard: string[];
/** The server's side of the only connection. */
let tcp: TcpSocket;
let client: WebSocket;

beforeEach(async () => {
  http = createServer();
  http.on("connection", (socket) => {
    tcp = socket;
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  port = (http.address() as AddressInfo).port;
  heard = [];
});

afterEach(() => {
  client.terminate();
  http.close();
  http.closeAllConnections();
});

async function connect(path: string): Promise<void> {
  client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false });
  client.on("message", (data) => void heard.push(String(data)));
  await once(client, "open");
}

/** Counts what goes to the system from now on. */
function countWrites(): () => number {
  const { _handle: handle } = tcp as unknown as { _handle: Record<string, (...args: unknown[]) => unknown> };
  let count = 0;
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(Object.getPrototypeOf(handle)))) {
    if (!/^write/.test(name)) continue;
    const write = handle[name];
    if (typeof write !== "function") continue;
    handle[name] = (...args) => {
      count++;
      return write.apply(handle, args);
    };
  }
  return () => count;
}

async function openRaw(): Promise<WebSocket> {
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  const [[socket]] = (await Promise.all([once(server, "connection"), connect("/")])) as [
    [WebSocket],
    undefined,
  ];
  return socket;
}

async function openEngineSocket(): Promise<ChatSocket["conn"]> {
  const io = new SocketServer(http, { transports: ["websocket"] });
  const [[conn]] = (await Promise.all([
    once(io.engine, "connection"),
    connect("/socket.io/?EIO=4&transport=websocket"),
  ])) as [[ChatSocket["conn"]], undefined];
  await until(() => heard.length === 1, "the handshake is heard");
  heard.length = 0;
  return conn;
}

const hundred = Array.from({ length: 100 }, (_, index) => `message ${index}`);

it("writes what a turn has for a raw client at once and in order, and without it would write each by itself", async () => {
  const socket = await openRaw();
  const plain = countWrites();
  for (const text of hundred) socket.send(text);
  await until(() => heard.length === 100, "all have come");
  expect(plain()).toBe(100);
  heard.length = 0;
  const gathered = countWrites();
  for (const text of hundred) sendGathered(socket, Buffer.from(text));
  expect(gathered()).toBe(0);
  await until(() => heard.length === 100, "all have come");
  expect(heard).toEqual(hundred);
  expect(gathered()).toBe(1);
});

it("does not let much wait for the end of the turn", async () => {
  const socket = await openRaw();
  const count = countWrites();
  const large = Buffer.alloc(40_000, "x");
  for (let index = 0; index < 50; index++) {
    sendGathered(socket, large);
    expect(socket.bufferedAmount).toBeLessThan(1_048_576);
  }
  expect(count()).toBeGreaterThan(0);
  await until(() => heard.length === 50, "all have come");
});

it("goes on with the others when a client is gone at the end of the turn", async () => {
  const socket = await openRaw();
  sendGathered(socket, Buffer.from("never heard"));
  socket.terminate();
  await turn();
  const second = new WebSocket(`ws://127.0.0.1:${port}/`);
  second.on("error", () => undefined);
  await once(second, "open");
  second.terminate();
});

it("writes the answers and the news of a turn to an Engine.IO client at once, in the order of their making", async () => {
  const conn = await openEngineSocket();
  gatherEngineWrites(conn);
  const count = countWrites();
  const expected = hundred.map((text) => `4${text}`);
  for (const [index, text] of hundred.entries()) {
    if (index % 2 === 0) conn.write(text);
    else conn.write(text, encodeEngineFrame(text));
  }
  expect(count()).toBe(0);
  await until(() => heard.length === 100, "all have come");
  expect(heard).toEqual(expected);
  expect(count()).toBe(1);
});

it("still says what was said before an Engine.IO connection is closed", async () => {
  const conn = await openEngineSocket();
  gatherEngineWrites(conn);
  conn.write("the last word");
  conn.close();
  await once(client, "close");
  expect(heard).toEqual(["4the last word"]);
});

it("says why a connection ends before the node that stops closes everything", async () => {
  const conn = await openEngineSocket();
  const socket = { id: "socket", conn, connected: true } as unknown as ChatSocket;
  const identity = { userId: "ann", role: "user" };
  new Connection({ socket, identity, eventsPerSecond: 1, eventsBurst: 1 }).end("draining");
  conn.close(true);
  await once(client, "close");
  expect(heard).toEqual([expect.stringContaining("connection_ending")]);
});
