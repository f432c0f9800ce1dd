import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { readHistory } from "../checker/read-history.js";
import { until } from "../until.js";
import { CatchatChaosClient } from "./catchat-chaos-client.js";
import type { CatchatMessage } from "./catchat-rest.js";
import { Recorder } from "./recorder.js";

const CHAT = { id: "tea", number: 7, members: ["ann"], guests: [], pulse: 0, textLength: 10 };

/** A server that says what the test lets it say: `messages` are its history, `heard` is what came over the socket. */
async function startScript({ ackMs }: { ackMs?: number } = {}) {
  const messages: CatchatMessage[] = [];
  const heard: Array<Record<string, unknown>> = [];
  const posted: CatchatMessage[] = [];
  const server = createServer((request, response) => {
    const page = request.url?.includes("/messages") ? messages : [{ sessionId: "7" }];
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      if (body !== "") posted.push(JSON.parse(body));
      const data = body === "" ? { list: page, total: page.length } : { ...JSON.parse(body), id: 1 };
      response.end(JSON.stringify({ code: 0, data }));
    });
  });
  const sockets = new WebSocketServer({ server });
  const connections: WebSocket[] = [];
  sockets.on("connection", (socket) => {
    connections.push(socket);
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data));
      if (frame.type === "heartbeat") socket.send(String(data));
      else heard.push(frame);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const folder = mkdtempSync(path.join(tmpdir(), "parley-catchat-"));
  const file = path.join(folder, "history.jsonl");
  const recorder = new Recorder(file, "test");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = { url, userId: "ann", token: "t", recorder, chats: [CHAT] };
  const client = new CatchatChaosClient(options, ackMs);
  onTestFinished(async () => {
    await client.stop();
    sockets.close();
    server.close();
    rmSync(folder, { recursive: true });
  });
  client.start();
  await until(() => client.settled, "the client is settled");
  const say = (message: Partial<CatchatMessage> & { id: number }) =>
    connections.at(-1)?.send(JSON.stringify({ ...SAID, ...message }));
  /** What it recorded, as `via number` in order. */
  const shown = async () => {
    await client.stop();
    await recorder.close();
    return (await readHistory([file])).flatMap((entry) =>
      entry.type === "recv" && entry.message && "number" in entry.message
        ? [`${entry.via} ${entry.message.number}`]
        : [],
    );
  };
  return { client, messages, heard, posted, connections, say, shown };
}

const SAID = { from: "ben", to: "7", content: "hello", messageType: 2 };

it("records what it is told as often as it is told, and reads only what it does not know", async () => {
  const { client, messages, connections, say, shown } = await startScript();
  for (const id of [4, 6, 6, 5]) say({ id });
  await until(() => client.view.count("tea") === 3, "all three are known");
  messages.push(...[3, 4, 5, 6].map((id) => ({ ...SAID, id })));
  connections.at(-1)?.close();
  await until(() => connections.length === 2 && client.settled, "it has come back");
  expect(await shown()).toEqual(["live 4", "live 6", "live 6", "live 5", "catch-up 3"]);
});

it("tries again over REST, so that an answer is never taken for an event", async () => {
  const { client, heard, posted, say, shown } = await startScript({ ackMs: 50 });
  const { key, done } = client.send("tea", { text: "me" });
  expect(await done).toEqual({ type: "info" });
  expect(await client.send("tea", { key, text: "me" }).done).toMatchObject({ type: "ok" });
  await until(() => heard.length === 1, "the first attempt has come over the socket");
  expect(posted).toEqual(heard);
  // The event, the answer to the first attempt, and what can't be explained any more.
  for (let times = 0; times < 3; times++) say({ id: 1, from: "ann", clientId: key });
  say({ id: 2 });
  await until(() => client.view.count("tea") === 2, "the last one is known");
  expect(await shown()).toEqual(["live 1", "live 1", "live 2"]);
});

it("takes the echo for the acknowledgement and an error for what its code says", async () => {
  const { client, say, connections } = await startScript();
  const first = client.send("tea", { text: "one" });
  say({ id: 1, from: "ann", clientId: first.key });
  expect(await first.done).toMatchObject({ type: "ok", message: { number: 1, key: first.key } });
  for (const [code, type] of [
    [404, "fail"],
    [503, "info"],
  ] as const) {
    const { key, done } = client.send("tea", { text: "two" });
    const frame = { type: "error", code, message: "no", clientId: key, retry_after_ms: 9 };
    connections.at(-1)?.send(JSON.stringify(frame));
    expect(await done).toMatchObject({ type, retryAfterMs: 9 });
  }
});
