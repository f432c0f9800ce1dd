import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type FrameChange, type FrameProxy, startFrameProxy } from "./frame-proxy.js";
import { until } from "./until.js";

let server: Server;
let sockets: WebSocketServer;
let proxy: FrameProxy;
let changes: FrameChange[];

/** Greets with what the handshake said, and says back what it hears. */
beforeEach(async () => {
  server = createServer((request, answer) => {
    answer.writeHead(201, { "x-heard": `${request.method} ${request.url} ${request.headers["x-word"]}` });
    request.pipe(answer);
  });
  sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket, { url, headers }) => {
    socket.send(`hello ${url} ${headers["x-word"]}`);
    socket.on("message", (data) => socket.send(String(data)));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  changes = [];
  proxy = await startFrameProxy(
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    () => changes.shift() ?? ((text) => [text]),
  );
});

afterEach(async () => {
  await proxy.stop();
  for (const socket of sockets.clients) socket.terminate();
  server.close();
});

async function reach() {
  const socket = new WebSocket(`${proxy.url.replace("http", "ws")}/a?b=c`, { headers: { "x-word": "w" } });
  const heard: string[] = [];
  socket.on("message", (data) => heard.push(String(data)));
  await once(socket, "open");
  return { socket, heard };
}

it("passes requests and their answers on as they are", async () => {
  const answer = await fetch(`${proxy.url}/a?b=c`, {
    method: "POST",
    headers: { "x-word": "w" },
    body: "body",
  });
  expect(answer.status).toBe(201);
  expect(answer.headers.get("x-heard")).toBe("POST /a?b=c w");
  expect(await answer.text()).toBe("body");
});

it("passes frames on both ways, also what is said before the server can be heard", async () => {
  const { socket, heard } = await reach();
  for (const text of ["one", "two"]) socket.send(text);
  await until(() => heard.length === 3, "everything came back");
  expect([...heard].sort()).toEqual(["hello /a?b=c w", "one", "two"]);
});

it("lets one connection's frames be dropped, doubled and changed, and leaves the next one alone", async () => {
  const spoiled: Record<string, string[]> = { drop: [], double: ["double", "double"], change: ["changed"] };
  changes.push((text) => spoiled[text] ?? [text]);
  const [first, second] = [await reach(), await reach()];
  for (const { socket } of [first, second]) {
    for (const text of ["drop", "double", "change", "end"]) socket.send(text);
  }
  const ended = () => first.heard.includes("end") && second.heard.includes("end");
  await until(ended, "both have come to the end");
  expect(first.heard.slice(1)).toEqual(["double", "double", "changed", "end"]);
  expect(second.heard.slice(1)).toEqual(["drop", "double", "change", "end"]);
});

it("ends a connection when either side does", async () => {
  const [first, second] = [await reach(), await reach()];
  await until(() => first.heard.length + second.heard.length === 2, "the server knows both");
  first.socket.close();
  await until(() => sockets.clients.size === 1, "the server has heard that the first one left");
  const closed = once(second.socket, "close");
  for (const client of sockets.clients) client.close();
  await closed;
});
