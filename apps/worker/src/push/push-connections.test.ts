import { createServer, type Socket } from "node:net";
import { until } from "@parley/testing";
import { afterEach, expect, test } from "vitest";
import { type Clock, systemClock } from "./clock.js";
import { createPushConnections, type PushConnections } from "./push-connections.js";
import { DEFAULT_PUSH_LIMITS } from "./push-limits.js";
import { createFakeClock } from "./testing/fake-clock.js";

const CREATED = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
const closing: Array<() => unknown> = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Answer = (socket: Socket, connection: number) => void;

/** A service that answers as it is told, connections to it, and others that know nothing of these. */
async function open(
  answer: Answer,
  { idleMs = 30_000, clock = systemClock }: { idleMs?: number; clock?: Clock } = {},
) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const connection = sockets.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", () => answer(socket, connection));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const [connections, others] = [clock, systemClock].map((own) =>
    createPushConnections({
      origin: `http://push.acme.dev:${typeof address === "object" && address ? address.port : 0}`,
      limits: { ...DEFAULT_PUSH_LIMITS, idleMs },
      clock: own,
      resolve: async () => [{ address: "127.0.0.1", family: 4 }],
      anyAddress: true,
    }),
  ) as [PushConnections, PushConnections];
  closing.push(
    () => connections.close(),
    () => others.close(),
    () => server.close(),
    () => sockets.map((socket) => socket.destroy()),
  );
  return { connections, others, sockets };
}

function post(connections: PushConnections) {
  return connections.post({ path: "/push/1", headers: ["TTL", "0"], body: Buffer.from("x"), leftMs: 10_000 });
}

test("an idle connection that is reset in the moment in which it is used again is nobody's fault", async () => {
  const { connections, sockets } = await open((socket) => socket.write(CREATED));
  expect(await post(connections)).toMatchObject({ answer: { statusCode: 201 } });
  // Now the loop has looked for news of the connections, and does so again only after the push has been handed in.
  await new Promise((resolve) => setImmediate(resolve));
  sockets[0]?.resetAndDestroy();
  expect(await post(connections)).toEqual({
    failure: { code: "ECONNRESET", timedOut: false, stale: true },
  });
  expect(await post(connections)).toMatchObject({ answer: { statusCode: 201 } });
  expect(sockets).toHaveLength(2);
});

test("after a push whose time is over no new connection is opened by itself", async () => {
  const clock = createFakeClock();
  const { connections, others, sockets } = await open(
    (socket, connection) => {
      if (connection > 1) socket.write(CREATED);
      else clock.advance(10_000);
    },
    { clock },
  );
  expect(await post(connections)).toMatchObject({ failure: { code: "HEADERS_TIMEOUT", timedOut: true } });
  await until(() => sockets[0]?.closed, "its connection is gone");
  // Connections come in the order in which they are opened.
  expect(await post(others)).toMatchObject({ answer: { statusCode: 201 } });
  expect(sockets).toHaveLength(2);
});

test("a push whose time ends while the connection before is closing is not sent", async () => {
  const clock = createFakeClock();
  const last = CREATED.replace("\r\n", "\r\nConnection: close\r\n");
  const { connections, others, sockets } = await open((socket) => socket.write(last), { clock });
  expect(await post(connections)).toMatchObject({ answer: { statusCode: 201 } });
  const late = post(connections);
  clock.advance(10_000);
  expect(await late).toEqual({ failure: { code: "HEADERS_TIMEOUT", timedOut: true, stale: false } });
  expect(await post(others)).toMatchObject({ answer: { statusCode: 201 } });
  expect(sockets).toHaveLength(2);
});

test("a new connection that is reset is a failure, also where an idle one had been closed before", async () => {
  const { connections, sockets } = await open((socket, connection) => {
    if (connection === 2) socket.resetAndDestroy();
    else socket.write(CREATED, () => socket.end());
  });
  expect(await post(connections)).toMatchObject({ answer: { statusCode: 201 } });
  await until(() => sockets[0]?.closed, "the service and the sender have closed it");
  expect(await post(connections)).toMatchObject({ failure: { code: "ECONNRESET", stale: false } });
});

test("the connection used last is used next, and the others run out", async () => {
  const answers: Array<() => void> = [];
  const used: number[] = [];
  const { connections, sockets } = await open((socket, connection) => {
    used.push(connection);
    answers.push(() => socket.write(CREATED));
  });
  const together = [post(connections), post(connections)];
  await until(() => answers.length === 2, "both are there");
  for (const answer of answers.splice(0)) answer();
  await Promise.all(together);
  for (let push = 0; push < 4; push++) {
    const sent = post(connections);
    await until(() => answers.length === 1, "it is there");
    answers.pop()?.();
    await sent;
  }
  expect(sockets).toHaveLength(2);
  expect(new Set(used.slice(2)).size).toBe(1);
});

test("a service can't have its connection kept longer than others'", async () => {
  const kept = "HTTP/1.1 201 Created\r\nKeep-Alive: timeout=600\r\nContent-Length: 0\r\n\r\n";
  const { connections, sockets } = await open((socket) => socket.write(kept), { idleMs: 20 });
  expect(await post(connections)).toMatchObject({ answer: { statusCode: 201 } });
  await until(() => sockets[0]?.closed, "the idle connection is closed");
});

test("an idle connection is kept as long as the limits say, and no other time", async () => {
  const patient = await open((socket) => socket.write(CREATED), { idleMs: 60_000 });
  const hasty = await open((socket) => socket.write(CREATED), { idleMs: 20 });
  await post(patient.connections);
  await post(hasty.connections);
  await until(() => hasty.sockets[0]?.closed, "one is closed");
  expect(patient.sockets[0]?.closed).toBe(false);
});

test("of a header that comes twice, the first one counts", async () => {
  const { connections } = await open((socket) =>
    socket.write("HTTP/1.1 429 No\r\nRetry-After: 5\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n"),
  );
  expect(await post(connections)).toMatchObject({ answer: { retryAfter: "5" } });
});

test("what a service sends without being asked is no answer to the next push", async () => {
  const forged = "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n";
  const { connections, sockets } = await open((socket, connection) =>
    socket.write(connection === 1 ? CREATED + forged : CREATED),
  );
  expect(await post(connections)).toMatchObject({ answer: { statusCode: 201 } });
  expect(await post(connections)).toMatchObject({ answer: { statusCode: 201 } });
  expect(sockets).toHaveLength(2);
});
