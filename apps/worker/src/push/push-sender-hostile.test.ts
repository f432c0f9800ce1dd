import { createServer, type Server, type Socket } from "node:net";
import { type PushService, startPushService, until } from "@parley/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PushSenderOptions } from "./push-sender.js";
import { openTestSender, pushTo, type TestSender, targetAt } from "./testing/open-test-sender.js";

let service: PushService;
let sender: TestSender;
const closing: Array<() => unknown> = [];

beforeEach(async () => {
  service = await startPushService({ now: () => sender.clock.now() });
  sender = openTestSender([service.host]);
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await sender.close();
  await service.stop();
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
}

function open(hosts: string[], options: Partial<PushSenderOptions> = {}): TestSender {
  const own = openTestSender(hosts, options);
  closing.push(() => own.close());
  return own;
}

/** A service that is none, and answers requests as it likes. Its connections end with the test. */
async function rawService(answer: (socket: Socket, request: number) => void) {
  const sockets: Socket[] = [];
  let requests = 0;
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      if (chunk.includes("POST /")) answer(socket, ++requests);
    });
  });
  closing.unshift(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const host = await listen(server);
  const push = pushTo(targetAt(`http://${host}/push/1`));
  return { own: open([host]), host, push, sockets, requests: () => requests };
}

test("a service that never answers is left when its time is over", async () => {
  service.behave({ kind: "hang" });
  const sent = sender.send(pushTo(service.newSubscription()));
  await until(() => service.counters().answers.hang === 1, "it hangs");
  sender.clock.advance(7_999);
  expect(sender.originStatus()).toMatchObject([{ inFlight: 1 }]);
  sender.clock.advance(1);
  expect(await sent).toMatchObject({
    kind: "retry_later",
    reason: "timed_out",
    detail: "HEADERS_TIMEOUT",
    attemptMs: 8_000,
    asked: true,
  });
  await until(() => service.requests[0]?.abandoned, "the connection is gone");
  expect(sender.clock.waiting()).toEqual([]);
});

test("one that sends its headers byte by byte too", async () => {
  service.behave({ kind: "drip", part: "head", everyMs: 1 });
  const sent = sender.send(pushTo(service.newSubscription()));
  await until(() => service.counters().answers.drip === 1, "it drips");
  sender.clock.advance(8_000);
  expect(await sent).toMatchObject({ kind: "retry_later", reason: "timed_out", detail: "HEADERS_TIMEOUT" });
});

test("once it has said yes, the rest of the answer changes nothing, and takes no longer than the deadline", async () => {
  service.behave({ kind: "drip", part: "body", everyMs: 1 });
  // Or the limit for the bytes could end it as well.
  const own = open([service.host], { limits: { answerBytes: 2 ** 30 } });
  const sent = own.send(pushTo(service.newSubscription()));
  await until(() => (service.requests[0]?.answer?.bodyBytes ?? 0) > 20, "it drips");
  own.clock.advance(9_999);
  expect(own.originStatus()).toMatchObject([{ inFlight: 1 }]);
  own.clock.advance(1);
  expect(await sent).toMatchObject({ kind: "accepted", statusCode: 201, attemptMs: 10_000 });
  await until(() => service.requests[0]?.abandoned, "the connection is gone");
});

test.each([
  [201, "accepted"],
  [500, "retry_later"],
  [410, "gone"],
])("an endless body after %d is not read, let alone kept", async (status, kind) => {
  service.behave({ kind: "flood", status });
  const before = process.memoryUsage().rss;
  const floods = 10;
  const sent = Array.from({ length: floods }, () => sender.send(pushTo(service.newSubscription())));
  for (const outcome of await Promise.all(sent)) expect(outcome).toMatchObject({ kind, statusCode: status });
  await until(() => service.requests.every(({ abandoned }) => abandoned), "all connections are gone");
  // What the system's buffers take between the two, and by far less than what would come.
  for (const { answer } of service.requests) expect(answer?.bodyBytes).toBeLessThan(16 * 2 ** 20);
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
});

test("a body of some kilobytes is read, and the connection used again", async () => {
  service.behave({ kind: "status", status: 500, body: "x".repeat(16_000) });
  for (let push = 0; push < 3; push++) await sender.send(pushTo(service.newSubscription()));
  expect(service.counters().connections).toBe(1);
  service.behave({ kind: "status", status: 500, body: "x".repeat(17_000) });
  for (let push = 0; push < 3; push++) await sender.send(pushTo(service.newSubscription()));
  expect(service.counters().connections).toBe(3);
});

test("endless headers end the connection", async () => {
  const { own, push, sockets } = await rawService((socket) => {
    socket.write("HTTP/1.1 201 Created\r\n");
    const pour = () => {
      while (!socket.destroyed && socket.write(`X-Flood: ${"x".repeat(1_000)}\r\n`));
    };
    socket.on("drain", pour);
    pour();
  });
  expect(await own.send(push)).toMatchObject({ reason: "connection_failed", detail: "HPE_HEADER_OVERFLOW" });
  await until(() => sockets[0]?.destroyed, "the connection is gone");
  expect(sockets[0]?.bytesWritten).toBeLessThan(16 * 2 ** 20);
});

test("headers may have some kilobytes, and not more", async () => {
  let length = 7_000;
  const { own, push } = await rawService((socket) => {
    socket.write(`HTTP/1.1 201 Created\r\nContent-Length: 0\r\nX-Long: ${"x".repeat(length)}\r\n\r\n`);
  });
  expect(await own.send(push)).toMatchObject({ kind: "accepted" });
  length = 9_000;
  expect(await own.send(push)).toMatchObject({ detail: "HPE_HEADER_OVERFLOW" });
});

test("endless informational answers are no answer", async () => {
  let told = 0;
  const { own, push } = await rawService((socket) => {
    const timer = setInterval(() => {
      told += 1;
      socket.write("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n");
    }, 1);
    socket.on("close", () => clearInterval(timer));
  });
  const sent = own.send(push);
  await until(() => told > 20, "it has told a lot");
  own.clock.advance(8_000);
  expect(await sent).toMatchObject({ reason: "timed_out", detail: "HEADERS_TIMEOUT" });
});

test.each([
  ["another protocol", "SSH-2.0-OpenSSH_9.9\r\n"],
  [
    "an upgrade nobody asked for",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
  ],
  ["half a status line", "HTTP/1.1 2"],
])("%s is a failed connection", async (_, text) => {
  const { own, push, requests } = await rawService((socket) => void socket.end(text));
  expect(await own.send(push)).toMatchObject({
    kind: "retry_later",
    reason: "connection_failed",
    asked: true,
  });
  expect(requests()).toBe(1);
});

test("a yes that breaks off is a yes", async () => {
  const { own, push } = await rawService((socket) => {
    socket.write("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nhalf", () => socket.destroy());
  });
  expect(await own.send(push)).toMatchObject({ kind: "accepted", statusCode: 201 });
});

test("a reset is a failed connection, and the push is not sent twice", async () => {
  service.behave({ kind: "reset" });
  expect(await sender.send(pushTo(service.newSubscription()))).toMatchObject({
    kind: "retry_later",
    reason: "connection_failed",
    detail: "ECONNRESET",
    afterMs: 5_000,
  });
  expect(service.requests).toHaveLength(1);
});

test("an idle connection that is closed as it is used again is nobody's fault: another one is taken", async () => {
  const { own, push, sockets, requests } = await rawService((socket, request) => {
    if (request === 2) socket.destroy();
    else socket.write("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  });
  expect(await own.send(push)).toMatchObject({ kind: "accepted" });
  expect(await own.send(push)).toMatchObject({ kind: "accepted" });
  expect([requests(), sockets.length]).toEqual([3, 2]);
});

test("but one on which the service was silent is not", async () => {
  await sender.send(pushTo(service.newSubscription()));
  service.behave({ kind: "hang" });
  const sent = sender.send(pushTo(service.newSubscription()));
  await until(() => service.counters().answers.hang === 1, "it hangs");
  sender.clock.advance(8_000);
  expect(await sent).toMatchObject({ reason: "timed_out" });
  expect(service.counters()).toMatchObject({ requests: 2, connections: 1 });
});

test.each([301, 302, 303, 307, 308] as const)("a redirection (%d) is not followed", async (status) => {
  const inner = await startPushService();
  closing.push(() => inner.stop());
  const own = open([service.host, inner.host]);
  service.behave({ kind: "redirect", status, to: inner.newSubscription().endpoint });
  expect(await own.send(pushTo(service.newSubscription()))).toMatchObject({
    kind: "refused",
    reason: "redirected",
    statusCode: status,
  });
  expect(inner.counters().connections).toBe(0);
});

test("nobody there is a failed connection", async () => {
  await service.stop();
  expect(await sender.send(pushTo(targetAt(`${service.origin}/push/1`)))).toMatchObject({
    kind: "retry_later",
    reason: "connection_failed",
    detail: "ECONNREFUSED",
    asked: true,
  });
});

test("a connection that never comes about has its own time: TLS that is not answered", async () => {
  const { host, sockets } = await rawService(() => undefined);
  const own = open([host]);
  const sent = own.send(pushTo(targetAt(`https://${host}/push/1`)));
  await until(() => sockets.length === 1, "it is connected");
  own.clock.advance(5_000);
  expect(await sent).toMatchObject({ reason: "timed_out", detail: "CONNECT_TIMEOUT", attemptMs: 5_000 });
});

test("the same for a name server that does not answer", async () => {
  let asked = 0;
  const resolve = () => {
    asked += 1;
    return new Promise<never>(() => undefined);
  };
  const own = open([], { resolve });
  const sent = own.send(pushTo(targetAt("https://fcm.googleapis.com/fcm/send/x")));
  await until(() => asked === 1, "it is asked");
  own.clock.advance(5_000);
  expect(await sent).toMatchObject({ service: "fcm", reason: "timed_out", detail: "CONNECT_TIMEOUT" });
});

test("a name that leads to a private address is refused each time, and opens no circuit", async () => {
  const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
  const own = open([], { resolve });
  for (let push = 0; push < 10; push++) {
    expect(await own.send(pushTo(targetAt("https://web.push.apple.com/x")))).toMatchObject({
      kind: "refused",
      reason: "address_not_public",
      service: "apple",
      asked: false,
    });
  }
  expect(own.originStatus()).toMatchObject([{ circuit: "closed", inFlight: 0 }]);
});
