import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";

let server: Server;
let proxy: TcpProxy;

beforeEach(async () => {
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.pipe(socket);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  proxy = await startTcpProxy(typeof address === "object" && address !== null ? address.port : 0);
});

afterEach(async () => {
  await proxy.stop();
  server.close();
});

async function reach(): Promise<Socket> {
  const socket = connect(proxy.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

async function echo(socket: Socket, word: string): Promise<string> {
  socket.write(word);
  const [bytes] = await once(socket, "data");
  return String(bytes);
}

it("passes bytes both ways, and what was cut does not come back by itself", async () => {
  const socket = await reach();
  expect(await echo(socket, "one")).toBe("one");
  const closed = once(socket, "close");
  proxy.cut();
  await closed;
  const refused = await reach();
  await once(refused, "close");
  proxy.join();
  expect(await echo(await reach(), "two")).toBe("two");
});

it("hangs: connections stay open and are silent, old and new ones, until it breaks them off", async () => {
  const old = await reach();
  expect(await echo(old, "one")).toBe("one");
  proxy.hang();
  const fresh = await reach();
  const heard: string[] = [];
  for (const socket of [old, fresh]) {
    socket.on("data", (bytes) => heard.push(String(bytes)));
    socket.write("lost");
  }
  await sleep(100);
  expect(heard).toEqual([]);
  expect([old.destroyed, fresh.destroyed]).toEqual([false, false]);
  const closed = Promise.all([once(old, "close"), once(fresh, "close")]);
  proxy.join();
  await closed;
  expect(heard).toEqual([]);
  expect(await echo(await reach(), "two")).toBe("two");
});

it("stalls: what the server sends waits, in order, and what the client sends arrives", async () => {
  const socket = await reach();
  expect(await echo(socket, "one")).toBe("one");
  const heard: string[] = [];
  socket.on("data", (bytes) => heard.push(String(bytes)));
  proxy.stall();
  socket.write("two ");
  const late = await reach();
  late.on("data", (bytes) => heard.push(String(bytes)));
  late.write("three");
  await sleep(100);
  expect(heard).toEqual([]);
  const all = Promise.all([once(socket, "data"), once(late, "data")]);
  proxy.join();
  await all;
  expect(heard.toSorted().join("")).toBe("threetwo ");
  expect(socket.destroyed).toBe(false);
});

it("chokes: what the client sends waits after so many bytes, in order, and what the server sends arrives", async () => {
  const socket = await reach();
  proxy.choke(3);
  expect(await echo(socket, "one")).toBe("one");
  const heard: string[] = [];
  socket.on("data", (bytes) => heard.push(String(bytes)));
  socket.write("two ");
  socket.write("three");
  await sleep(100);
  expect(heard).toEqual([]);
  proxy.join();
  while (heard.join("") !== "two three") await once(socket, "data");
  expect(socket.destroyed).toBe(false);
});
