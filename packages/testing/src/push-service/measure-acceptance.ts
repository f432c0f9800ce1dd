import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { VerifyMode } from "./push-service.js";
import { type PushServiceProcess, startPushServiceProcess } from "./push-service-process.js";
import type { PushSubscription } from "./push-subscription.js";
import { createSenderKey, encryptPush, signVapid } from "./test-push-sender.js";

/**
 * How many pushes a second the service accepts, so that nobody measures it instead of a sender: `node dist/push-service/measure-acceptance.js`.
 * The requests are made beforehand and sent over kept connections, one at a time each, by this process; the service has its own.
 */

const ROUNDS = 3;
const ROUND_MS = 4_000;
const CONNECTIONS = 64;
const SUBSCRIPTIONS = 2_000;
const END = Buffer.from("\r\n\r\n");
const TEXT = JSON.stringify({
  title: "Ada",
  body: "The quick brown fox. ".repeat(10),
  data: { messageId: "m1" },
});

interface Case {
  name: string;
  verify: VerifyMode;
  tls: boolean;
  /** Whether each request has a token of its own, as those of the web-push package have. */
  tokens: "one" | "each";
}

const CASES: Case[] = [
  { name: "none", verify: "none", tls: false, tokens: "one" },
  { name: "sample, one in 100", verify: "sample", tls: false, tokens: "each" },
  { name: "full, one token", verify: "full", tls: false, tokens: "one" },
  { name: "full, a token for each push", verify: "full", tls: false, tokens: "each" },
  { name: "none, TLS", verify: "none", tls: true, tokens: "one" },
  { name: "sample, TLS", verify: "sample", tls: true, tokens: "each" },
];

for (const one of CASES) {
  const service = await startPushServiceProcess({ verify: one.verify, tls: one.tls });
  const requests = makeRequests(service, {
    ...one,
    subscriptions: await service.newSubscriptions(SUBSCRIPTIONS),
  });
  await runRound(service, requests);
  for (let round = 0; round < ROUNDS; round++) {
    const { perSecond, perCpuSecond } = await runRound(service, requests);
    process.stdout.write(
      `${one.name.padEnd(30)} ${Math.round(perSecond)} a second, ${Math.round(perCpuSecond)} a second of one core\n`,
    );
  }
  await service.stop();
}

function makeRequests(
  { origin }: PushServiceProcess,
  { subscriptions, tokens }: Case & { subscriptions: PushSubscription[] },
): Buffer[] {
  const sender = createSenderKey();
  const one = signVapid(sender, origin);
  const { host } = new URL(origin);
  return subscriptions.map(({ endpoint, keys }) => {
    const body = encryptPush(keys, TEXT);
    const head = [
      `POST ${new URL(endpoint).pathname} HTTP/1.1`,
      `Host: ${host}`,
      "TTL: 60",
      "Urgency: normal",
      "Content-Encoding: aes128gcm",
      "Content-Type: application/octet-stream",
      `Authorization: ${tokens === "one" ? one : signVapid(sender, origin)}`,
      `Content-Length: ${body.length}`,
    ];
    return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
  });
}

async function runRound(service: PushServiceProcess, requests: readonly Buffer[]) {
  await service.forget();
  const before = await service.counters();
  const started = performance.now();
  let sent = 0;
  const take = () => {
    if (performance.now() - started >= ROUND_MS) return undefined;
    sent += 1;
    return requests[sent % requests.length];
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, () => sendInTurn(service, take)));
  const seconds = (performance.now() - started) / 1_000;
  const {
    accepted,
    process: { cpuSeconds },
  } = await service.counters();
  if (accepted !== sent) throw new Error(`of ${sent} pushes ${accepted} were accepted`);
  return { perSecond: accepted / seconds, perCpuSecond: accepted / (cpuSeconds - before.process.cpuSeconds) };
}

/** Sends what it takes over one connection, each when the one before has been answered. */
async function sendInTurn(service: PushServiceProcess, take: () => Buffer | undefined): Promise<void> {
  const socket = await open(service);
  await new Promise<void>((resolve, reject) => {
    const send = () => {
      const request = take();
      if (request === undefined) resolve();
      else socket.write(request);
    };
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the service closed a connection")));
    // An answer without a body fits into one packet and ends with an empty line.
    socket.on("data", (answer) => {
      if (answer.subarray(-4).equals(END)) send();
    });
    send();
  });
  socket.removeAllListeners("close");
  socket.destroy();
}

function open({ origin, certificate }: PushServiceProcess): Promise<Socket> {
  const place = { host: "127.0.0.1", port: Number(new URL(origin).port), noDelay: true };
  return new Promise((resolve, reject) => {
    const socket: Socket =
      certificate === null
        ? connect(place, () => resolve(socket))
        : connectTls({ ...place, ca: certificate }, () => resolve(socket));
    socket.once("error", reject);
  });
}
