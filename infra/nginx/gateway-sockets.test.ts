import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type Nginx, until } from "@parley/testing";
import { expect, onTestFinished, test } from "vitest";
import { startGateway } from "./start-gateway.js";

type Ports = readonly [number, number, number];

const WITH_MAX_FAILS = (config: string) => config.replaceAll("max_fails=0;", "max_fails=2 fail_timeout=5s;");
/** The path that nginx asks about tokens. */
const VERIFY = "/v1/auth/verify";

test("after the nodes were away everybody who stays connected is let in again, however many come at once", async () => {
  const outcomes = await comeBack();
  expect(outcomes.filter((status) => status !== 101)).toEqual([]);
});

test("they would not be if nginx counted the nodes' failures", async () => {
  const outcomes = await comeBack(WITH_MAX_FAILS);
  expect(outcomes.filter((status) => status !== 101).length).toBeGreaterThan(0);
});

test("a node that refuses a handshake because it drains, or is gone, is passed over for another", async () => {
  const sound = await startNode();
  const draining = await startNode({ drains: true });
  const gateway = await start({ chat: [draining, await closedPort(), sound] });
  for (let count = 0; count < 6; count++) expect(await come(gateway)).toBe(101);
});

/** Nodes that nobody reaches for a while, and who gets in when they are there again. */
async function comeBack(spoil?: (config: string) => string): Promise<number[]> {
  const ports: Ports = [await closedPort(), await closedPort(), await closedPort()];
  const gateway = await start({ chat: ports, ...(spoil && { spoil }) });
  for (let count = 0; count < 6; count++) expect(await come(gateway)).toBe(503);
  for (const port of ports) await startNode({ port });
  await until(async () => (await come(gateway)) === 101, "somebody is let in again", 20_000);
  return Promise.all(Array.from({ length: 30 }, () => come(gateway)));
}

async function start(nodes: { chat: Ports; spoil?: (config: string) => string }): Promise<Nginx> {
  const gateway = await startGateway({ auth: await startNode(), ...nodes });
  onTestFinished(() => gateway.stop());
  return gateway;
}

/** Stands for an api node: finds every token good, and opens every WebSocket unless it drains. Resolves with its port. */
async function startNode({ port = 0, drains = false } = {}): Promise<number> {
  const server: Server = createServer(({ url }, response) => {
    response.writeHead(url === VERIFY ? 200 : 503, { "X-User-Id": "ann" }).end();
  });
  const sockets = new Set<Duplex>();
  server.on("upgrade", (_message, socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    if (drains) socket.end("HTTP/1.1 503 Draining\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    else
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  });
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A port of 127.0.0.1 at which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** A handshake; the connection is kept. Resolves with the status of the answer. */
function come(gateway: Nginx): Promise<number> {
  const headers = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
  };
  return new Promise((done, fail) => {
    const sent = request(`${gateway.url}/ws/chat/1/chat/?token=x`, { headers, agent: false });
    sent.once("upgrade", ({ statusCode = 0 }, socket) => {
      socket.on("error", () => undefined);
      onTestFinished(() => {
        socket.destroy();
      });
      done(statusCode);
    });
    sent.once("response", (response) => {
      response.resume();
      done(response.statusCode ?? 0);
    });
    sent.once("error", fail);
    sent.end();
  });
}
