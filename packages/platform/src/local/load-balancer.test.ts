import { createHash, randomBytes } from "node:crypto";
import { Agent, createServer, request, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { freePort } from "./free-port.js";
import { type LoadBalancer, startLoadBalancer } from "./load-balancer.js";

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

test("new connections go to the node with the fewest", async () => {
  const [a, b] = [await startNode("a"), await startNode("b")];
  const balancer = await startBalancer([a, b]);
  const agent = new Agent({ keepAlive: true });
  cleanUps.push(() => agent.destroy());
  const answers = await Promise.all(Array.from({ length: 10 }, () => fetchText(balancer.port, { agent })));
  expect(answers.filter((answer) => answer === "a")).toHaveLength(5);
  expect(answers.filter((answer) => answer === "b")).toHaveLength(5);
});

test("a node that has died is passed over at once, before any check has noticed", async () => {
  const [a, b] = [await startNode("a"), await startNode("b")];
  const balancer = await startBalancer([a, b], { checkEveryMs: 60_000 });
  await a.close();
  for (let n = 0; n < 6; n += 1) expect(await fetchText(balancer.port)).toBe("b");
  expect(balancer.readyNodes()).toEqual(["b"]);
});

test("a process that was held up itself does not take its nodes for dead", async () => {
  const balancer = await startBalancer([await startNode("a")], { dialWithinMs: 1 });
  let isBusy = true;
  const stall = () => {
    for (const end = performance.now() + 20; performance.now() < end; );
    if (isBusy) setImmediate(stall);
  };
  stall();
  for (let n = 0; n < 3; n += 1) expect(await fetchText(balancer.port)).toBe("a");
  isBusy = false;
});

test("idle nodes take turns", async () => {
  const balancer = await startBalancer([await startNode("a"), await startNode("b")]);
  const answers = [];
  for (let n = 0; n < 4; n += 1) answers.push(await fetchText(balancer.port));
  expect(answers.sort()).toEqual(["a", "a", "b", "b"]);
});

test("a draining node gets no new connection and keeps the ones it has", async () => {
  const a = await startNode("a");
  const alone = await startBalancer([a]);
  const upgraded = await upgrade(alone.port);
  const both = await startBalancer([a, await startNode("b")]);
  a.ready = false;
  await until(() => both.readyNodes().join() === "b" && alone.readyNodes().length === 0);
  for (let n = 0; n < 4; n += 1) expect(await fetchText(both.port)).toBe("b");
  expect((await fetch(alone.url)).status).toBe(503);
  upgraded.write("still here");
  expect(await nextData(upgraded)).toBe("echo still here");
  a.ready = true;
  await until(() => both.readyNodes().length === 2);
});

test("with no node ready the answer is 503 as a JSON problem, also to a request with a body", async () => {
  const balancer = await startBalancer([{ name: "gone", port: await freePort() }]);
  const response = await fetch(`http://127.0.0.1:${balancer.port}/x`, {
    method: "POST",
    body: "x".repeat(1_000_000),
  });
  expect(response.status).toBe(503);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await response.json()).toMatchObject({ status: 503, code: "unavailable" });
});

test("32 MiB pass through unchanged both ways, with a slow reader, and half-closing works", async () => {
  const echo = createTcpServer({ allowHalfOpen: true }, (socket) => void answerHttpThenEcho(socket));
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  cleanUps.push(() => echo.close());
  const balancer = await startBalancer([{ name: "echo", port: (echo.address() as AddressInfo).port }]);
  await until(() => balancer.readyNodes().length === 1);

  const sent = randomBytes(32 << 20);
  const socket = connect({ port: balancer.port, host: "127.0.0.1", allowHalfOpen: true });
  const hash = createHash("sha256");
  let received = 0;
  const done = new Promise<void>((resolve) => socket.on("end", resolve));
  socket.on("data", (chunk) => {
    received += chunk.length;
    hash.update(chunk);
    if (received % 7 !== 0) return;
    socket.pause();
    setTimeout(() => socket.resume(), 1);
  });
  socket.end(sent);
  await done;
  expect(received).toBe(sent.length);
  expect(hash.digest("hex")).toBe(createHash("sha256").update(sent).digest("hex"));
});

test("an upgraded connection carries bytes both ways and ends when its node dies", async () => {
  const node = await startNode("a");
  const balancer = await startBalancer([node]);
  const upgraded = await upgrade(balancer.port);
  upgraded.write("ping");
  expect(await nextData(upgraded)).toBe("echo ping");
  const closed = new Promise((resolve) => upgraded.on("close", resolve));
  await node.close();
  await closed;
});

test("stopping ends open connections and frees the port; a taken port is said plainly", async () => {
  const node = await startNode("a");
  const balancer = await startBalancer([node]);
  const upgraded = await upgrade(balancer.port);
  await expect(startLoadBalancer({ port: balancer.port, targets: [] })).rejects.toThrow(
    `Port ${balancer.port} is taken: stop what uses it or set PORT to another.`,
  );
  const closed = new Promise((resolve) => upgraded.on("close", resolve));
  await balancer.stop(50);
  await closed;
  const again = await startLoadBalancer({ port: balancer.port, targets: [] });
  await again.stop();
});

interface Node {
  name: string;
  port: number;
  ready: boolean;
  close: () => Promise<void>;
}

async function startNode(name: string): Promise<Node> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((incoming, response) => {
    if (incoming.url === "/readyz") response.writeHead(node.ready ? 200 : 503).end();
    else setTimeout(() => response.end(name), 50);
  });
  server.on("connection", (socket) => sockets.add(socket));
  server.on("upgrade", (_request, socket) => {
    socket.on("error", () => undefined);
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    socket.on("data", (data) => socket.write(`echo ${data}`));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  cleanUps.push(close);
  const node: Node = { name, ready: true, port: (server.address() as AddressInfo).port, close };
  return node;
}

async function startBalancer(
  targets: { name: string; port: number }[],
  options: { checkEveryMs?: number; dialWithinMs?: number } = {},
): Promise<LoadBalancer> {
  const names = targets.map(({ name, port }) => ({ name, port }));
  const balancer = await startLoadBalancer({ port: 0, targets: names, checkEveryMs: 50, ...options });
  cleanUps.push(() => balancer.stop());
  const real = targets.filter((target) => "ready" in target).length;
  await until(() => balancer.readyNodes().length >= real);
  return balancer;
}

async function answerHttpThenEcho(socket: Socket): Promise<void> {
  socket.on("error", () => undefined);
  socket.once("data", (first) => {
    if (first.toString("latin1").startsWith("GET /readyz"))
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    else {
      socket.write(first);
      socket.pipe(socket);
    }
  });
}

function fetchText(port: number, { agent = new Agent() } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: "127.0.0.1", agent }, (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

function upgrade(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      port,
      host: "127.0.0.1",
      headers: { connection: "Upgrade", upgrade: "echo" },
    });
    outgoing.on("upgrade", (_response, socket) => {
      socket.on("error", () => undefined);
      resolve(socket);
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

function nextData(socket: Socket): Promise<string> {
  return new Promise((resolve) => socket.once("data", (data) => resolve(data.toString())));
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    if (waited > 60_000) throw new Error("waited too long");
    await sleep(20);
  }
}
