import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { request } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { type Edge, startEdge, until } from "@parley/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

/** Stands for all three api nodes, and tells what reached it. */
let node: Server;
/** What it has got of bodies, piece by piece. */
const bodies: string[] = [];
let edge: Edge;
let ca: Buffer;

beforeAll(async () => {
  node = createServer((message, response) => {
    message.on("data", (chunk) => bodies.push(String(chunk)));
    message.once("end", () => response.end(JSON.stringify({ url: message.url, headers: message.headers })));
  });
  await once(node.listen(0, "127.0.0.1"), "listening");
  const { port } = node.address() as AddressInfo;
  edge = await startEdge({ ports: [port, port, port] });
  ca = readFileSync(edge.certificate);
});

afterAll(async () => {
  await edge?.stop();
  node?.closeAllConnections();
  node?.close();
});

describe("a request", () => {
  test("comes with its address, and with nothing that it claims about that", async () => {
    const forged = {
      "X-Forwarded-For": "1.2.3.4",
      "X-Forwarded-Proto": "ftp",
      "X-Forwarded-Host": "evil.example",
      Forwarded: "for=1.2.3.4",
      "X-Request-Id": "chosen-by-a-client",
    };
    const { status, seen } = await ask("/v1/chat/my-chats?limit=1", { headers: forged });
    expect([status, seen.url]).toEqual([200, "/v1/chat/my-chats?limit=1"]);
    expect(seen.headers).toMatchObject({
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "https",
      "x-forwarded-host": seen.headers.host,
    });
    expect(seen.headers.forwarded).toBeUndefined();
    const { "x-request-id": id } = seen.headers;
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    await until(() => edge.output().includes(`"requestId":"${id}"`), "the log names the request");
  });

  test.each(["/metrics", "/readyz", "/METRICS", "/readyz/"])("of %s leads nowhere", async (path) => {
    expect((await ask(path)).status).toBe(404);
  });

  test("without TLS is sent to it, but for the question whether anybody is there", async () => {
    const sent = await fetch(`${edge.plainUrl}/v1/chat?a=b`, { method: "POST", redirect: "manual" });
    expect([sent.status, sent.headers.get("location")]).toEqual([308, "https://127.0.0.1/v1/chat?a=b"]);
    expect((await fetch(`${edge.plainUrl}/healthz`, { redirect: "manual" })).status).toBe(200);
    const sly = await fetch(`${edge.plainUrl}/healthz/../v1/chat`, { redirect: "manual" });
    expect(sly.status).toBe(308);
  });

  test("with a body that is too large is refused in the words of the api nodes", async () => {
    const { status, text } = await ask("/v1/chat", { headers: { "Content-Length": String(12 << 20) } });
    expect([status, JSON.parse(text)]).toEqual([
      413,
      expect.objectContaining({ code: "body_too_large", retryable: false }),
    ]);
  });

  test("leaves nothing of its query in the log", async () => {
    await ask("/ws/catchat?token=very-secret");
    await until(() => edge.output().includes('"path":"/ws/catchat"'), "the log is written");
    expect(edge.output()).not.toContain("very-secret");
  });
});

test("an upload reaches a node while it still comes", async () => {
  const socket = await open("POST /v1/chat/1/files HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf");
  await until(() => bodies.includes("half"), "the first half arrives");
  socket.write(" more!");
  await until(() => bodies.includes(" more!"), "the second half arrives");
});

describe("nodes that can't be reached", () => {
  test("make no difference while one can, and clients are told to try again when there is none", async () => {
    const { port } = node.address() as AddressInfo;
    const two = await startEdge({ ports: [1, port, 2] });
    onTestFinished(() => two.stop());
    for (let count = 0; count < 20; count++) {
      expect((await ask("/v1/chat", { edge: two, method: "POST", body: "{}" })).status).toBe(200);
    }
    const none = await startEdge({ ports: [1, 2, 3] });
    onTestFinished(() => none.stop());
    const { status, text, headers } = await ask("/v1/chat/my-chats", { edge: none });
    expect([status, headers["content-type"], headers["retry-after"]]).toEqual([
      503,
      "application/problem+json",
      "1",
    ]);
    expect(JSON.parse(text)).toMatchObject({ code: "internal", retryable: true, retry_after_ms: 1000 });
  });

  test("get a POST once: what breaks off in the middle of it is not asked of another", async () => {
    let reached = 0;
    const breaking = createTcpServer((socket) => {
      socket.once("data", () => {
        reached++;
        socket.destroy();
      });
    });
    await once(breaking.listen(0, "127.0.0.1"), "listening");
    const { port } = breaking.address() as AddressInfo;
    const broken = await startEdge({ ports: [port, port, port] });
    onTestFinished(async () => {
      await broken.stop();
      breaking.close();
    });
    expect((await ask("/v1/chat", { edge: broken, method: "POST", body: "{}" })).status).toBe(503);
    expect(reached).toBe(1);
    await ask("/v1/chat", { edge: broken });
    expect(reached).toBeGreaterThan(2);
  });
});

describe("who takes their time", () => {
  test("over the headers is cut off, however steadily they come", async () => {
    const socket = await open("GET /healthz HTTP/1.1\r\nX-Slow: ", { unfinished: true });
    const drip = setInterval(() => socket.write("a"), 500);
    onTestFinished(() => clearInterval(drip));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    await ended(socket);
    expect(answer).not.toContain("200");
  });

  test("over the body is cut off when nothing comes any more", async () => {
    const socket = await open("POST /v1/chat HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{");
    await ended(socket);
  });
});

test("who wants too much at once is told to wait, in the words of the api nodes", async () => {
  const strict = await startEdge({
    ports: [1, 1, 1].map(() => (node.address() as AddressInfo).port),
    spoil: (config) => config.replace("rate=500r/s", "rate=1r/s").replace("burst=5000", "burst=3"),
  });
  onTestFinished(() => strict.stop());
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask("/v1/chat", { edge: strict })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
  const refused = answers.find(({ status }) => status === 429);
  expect(JSON.parse(refused?.text ?? "")).toMatchObject({ code: "rate_limited", retryable: true });
});

/** Whether in order or by a reset. */
function ended(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

interface Asking {
  edge?: Edge;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  seen: { url: string; headers: Record<string, string> };
}

function ask(path: string, { edge: asked = edge, method = "GET", headers, body }: Asking = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const options = { method, ca: readFileSync(asked.certificate), headers: headers ?? {}, agent: false };
    const sent = request(new URL(path, asked.url), options, async (answer) => {
      let text = "";
      for await (const chunk of answer) text += chunk;
      const status = answer.statusCode ?? 0;
      resolve({ status, headers: answer.headers, text, seen: status === 200 ? JSON.parse(text) : undefined });
      sent.destroy();
    });
    sent.on("error", reject);
    if (headers?.["Content-Length"] === undefined) sent.end(body);
    else sent.flushHeaders();
  });
}

/** Sends the beginning of a request; the host is filled in after its first line. */
async function open(text: string, { unfinished = false } = {}): Promise<TLSSocket> {
  const socket = connect({ port: edge.port, host: "127.0.0.1", ca });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  await once(socket, "secureConnect");
  socket.resume();
  const [line, ...rest] = text.split("\r\n");
  socket.write([line, "Host: 127.0.0.1", ...rest].join("\r\n"));
  if (unfinished) expect(text).not.toContain("\r\n\r\n");
  return socket;
}
