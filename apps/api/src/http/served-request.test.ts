import { once } from "node:events";
import { connect } from "node:net";
import { createLogger, parseConfig } from "@parley/platform";
import {
  connectRaw,
  createTestDatabase,
  TEST_JWT_SECRET,
  type TestDatabase,
  testRedisUrl,
  testToken,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { startApi } from "../app.js";
import { apiConfigSchema } from "../config.js";
import { toyDialect } from "../testing/toy-dialect/toy-dialect.js";

let database: TestDatabase;
let node: Awaited<ReturnType<typeof startApi>>;
const token = testToken({ userId: "ann" });
const H2C =
  "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n";

beforeAll(async () => {
  database = await createTestDatabase();
  const config = parseConfig(apiConfigSchema, {
    NODE_ENV: "test",
    PORT: "0",
    NODE_NAME: "node",
    DATABASE_URL: database.url,
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: `test-${database.url.split("/").at(-1)}`.slice(0, 50).replaceAll(/[^\w-]/g, "-"),
    JWT_SECRET: TEST_JWT_SECRET,
  });
  const log = createLogger({ level: "silent", node: "test", name: "test" });
  node = await startApi(config, log, { dialects: [toyDialect] });
});

afterAll(async () => {
  await node?.stop("the test is over");
  await database.drop();
});

/** A connection on which requests are written by hand; resolves to what came when so many answers are there. */
async function dial() {
  const socket = connect({ host: "127.0.0.1", port: node.port });
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (part) => {
    text += String(part);
  });
  await once(socket, "connect");
  const statuses = () => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
  return {
    ask: async (request: string) => {
      const before = statuses().length;
      socket.write(request);
      await until(() => statuses().length > before, "the request is answered");
      return statuses().at(-1);
    },
    heard: () => text,
  };
}

it("serves requests that wish for another protocol, and those that follow on the connection", async () => {
  const { ask, heard } = await dial();
  expect(await ask(`GET /healthz HTTP/1.1\r\nHost: localhost\r\n${H2C}\r\n`)).toBe(200);
  const body = JSON.stringify({ echoed: "as it came" });
  const head = `POST /toy/echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n${H2C}`;
  const length = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  expect(await ask(`${head}${length}\r\n${body}`)).toBe(201);
  await until(() => heard().includes(body), "the body has come");
  expect(await ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")).toBe(200);
});

it.each(["h2c", "TLS/1.0", "foo/2"])(
  "serves the request of one who wishes for %s at a WebSocket's path",
  async (protocol) => {
    const { ask, heard } = await dial();
    const request = `GET /toy/ws?token=${token} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
    expect(await ask(request)).toBe(404);
    // The answer of the HTTP side.
    expect(heard()).toMatch(/^x-request-id: /im);
  },
);

it("still opens WebSockets, however they are spelt", async () => {
  const client = await connectRaw(`http://127.0.0.1:${node.port}/toy/ws?token=${token}`);
  onTestFinished(() => client.close());
  await client.hear(({ type }) => type === "hello");
  const { ask } = await dial();
  const request =
    `GET /toy/ws?token=${token} HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n` +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  expect(await ask(request)).toBe(101);
});
