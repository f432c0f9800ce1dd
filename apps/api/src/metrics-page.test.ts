import { randomBytes, randomUUID } from "node:crypto";
import { METHODS, request } from "node:http";
import { COMMAND_CATALOGUE, DISCONNECT_REASONS, ERROR_CODES, REST_CATALOGUE } from "@parley/contracts";
import { DIALECTS } from "@parley/dialects";
import { createLogger, parseConfig } from "@parley/platform";
import {
  connectNative,
  connectRaw,
  createTestDatabase,
  readMetricsPage,
  restClient,
  TEST_JWT_SECRET,
  type TestDatabase,
  testRedisUrl,
  testToken,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiNode, startApi } from "./app.js";
import { apiConfigSchema } from "./config.js";

let database: TestDatabase;
let node: ApiNode;
let url: string;

/** Part of everything that the clients of this test make up. */
const MARK = `mark${randomBytes(6).toString("hex")}`;

beforeAll(async () => {
  database = await createTestDatabase();
  const config = parseConfig(apiConfigSchema, {
    NODE_ENV: "test",
    HOST: "127.0.0.1",
    PORT: "0",
    NODE_NAME: "api-1",
    DATABASE_URL: database.url,
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: `test-${randomUUID()}`,
    JWT_SECRET: TEST_JWT_SECRET,
    // Nobody is there: what the node counts about the main server belongs to the page, too.
    USER_DIRECTORY_URL: "http://127.0.0.1:1",
    USER_DIRECTORY_TOKEN: "a-token",
  });
  node = await startApi(config, createLogger({ level: "silent", node: "api-1", name: "api" }));
  url = `http://127.0.0.1:${node.port}`;
});

afterAll(async () => {
  await node.stop("the test is over");
  await database.drop();
});

interface Registered {
  name: string;
  type: string;
  labelNames: string[];
}

test("the page has every metric of an API node, with its type and labels", () => {
  const metrics = node.metrics.registry.getMetricsAsArray() as unknown as Registered[];
  const registered = metrics.map(({ name, type, labelNames }) => ({
    name,
    type,
    labels: labelNames.toSorted(),
  }));
  const page = readMetricsPage();
  expect(page.api).toEqual(registered.toSorted((one, other) => (one.name < other.name ? -1 : 1)));
  const labels = new Set(registered.flatMap((metric) => metric.labels));
  expect([...labels].filter((label) => !page.labels.has(label))).toEqual([]);
  // Prometheus gives every series these two, and renames what a process calls so.
  for (const taken of ["job", "instance"]) expect(labels).not.toContain(taken);
});

const CODES = Object.keys(ERROR_CODES);
const NUMBER = /^(\d+(\.\d+)?(e-\d+)?|\+Inf)$/;
const CONTRACTS = ["native", ...DIALECTS.map(({ name }) => name)];
const FRAMES = DIALECTS.flatMap(({ name, socket }) =>
  ["unknown", "reauthenticate", ...Object.keys(socket.frames)].map((frame) => `${name}.${frame}`),
);

/** What a node's labels may say: closed sets. Those of Node itself are left out. */
const CLOSED: Record<string, readonly string[] | RegExp> = {
  node: ["api-1"],
  process: ["api"],
  dependency: ["postgres", "redis", "bus"],
  state: ["total", "idle", "waiting"],
  reason: Object.keys(DISCONNECT_REASONS),
  contract: [...CONTRACTS, "none"],
  result: /^(ok|later|refused|cached|stale|known|unknown|skipped|timeout|unreachable|failed|malformed)$/,
  command: [...Object.keys(COMMAND_CATALOGUE), "unknown", ...FRAMES],
  code: CODES,
  method: METHODS,
  route: [
    ...Object.values(REST_CATALOGUE).map(({ path }) => path),
    ...DIALECTS.flatMap(({ basePaths, routes }) => [...basePaths, ...routes.map(({ path }) => path)]),
    "unknown",
    "/docs",
  ],
  status_class: /^[1-5]xx$/,
  kind: ["request", "address", "message"],
  le: NUMBER,
};

interface Sample {
  name: string;
  labels: Record<string, string>;
}

async function samples(): Promise<Sample[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return [...text.matchAll(/^(\w+)\{(.*)\} \S+$/gm)].map(([, name = "", list = ""]) => ({
    name,
    labels: Object.fromEntries(
      [...list.matchAll(/(\w+)="(.*?)"(?:,|$)/g)].map(([, key, value]) => [key, value]),
    ),
  }));
}

const isClosed = (label: string, value: string) => {
  const allowed = CLOSED[label];
  return allowed instanceof RegExp ? allowed.test(value) : (allowed?.includes(value) ?? false);
};

const bearer = (userId: string) => ({ Authorization: `Bearer ${testToken({ userId, role: "user" })}` });

function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${url}${path}`, options, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
    })
      .once("error", reject)
      .end();
  });
}

/** One of everything, by people, in chats and with words that nobody can foresee. */
async function causeTrouble(): Promise<void> {
  const [ann, ben] = [`${MARK}-ann`, `${MARK}-ben`];
  const rest = restClient(url, { userId: ann });
  const { body } = await rest.request<{ id: string }>("POST", "/v1/chat", { type: "direct", user_id: ben });
  const chatId = body.id;
  for (const path of [`/${MARK}`, `/v1/${MARK}`, `/v1/chat/${MARK}`, `/api/${MARK}`, `/docs/${MARK}`]) {
    await ask(path, { headers: bearer(ann) });
    await ask(path, { method: "PROPFIND", headers: bearer(ann) });
  }
  const native = await connectNative(url, { userId: ben });
  expect(await native.ask("send_message", { chatId, message: { content: MARK } })).toMatchObject({
    ok: true,
  });
  await native.ask(MARK, { chatId });
  native.close();
  const token = testToken({ userId: ann, role: "user" });
  const raw = await connectRaw(`${url}/ws/catchat?token=${token}`);
  await raw.ask({ type: MARK });
  raw.close();
  await connectRaw(`${url}/${MARK}`).catch(() => undefined);
  await connectNative(url, { userId: ann, token: MARK }).catch(() => undefined);
}

test("labels hold only what the code has words for, whatever clients come up with", async () => {
  await causeTrouble();
  const said = await until(async () => {
    const found = await samples();
    const has = (label: string, value: string) => found.some(({ labels }) => labels[label] === value);
    return has("contract", "none") && has("result", "token_invalid") && found;
  }, "all of it is counted");
  const has = (label: string, value: string) => said.some(({ labels }) => labels[label] === value);
  // That it was counted, and under what.
  for (const command of ["unknown", "catchat.unknown", "send_message"])
    expect(has("command", command)).toBe(true);
  expect(has("route", "unknown")).toBe(true);
  expect(has("method", "PROPFIND")).toBe(true);
  const own = said.filter(({ name }) => !/^parley_(nodejs|process)_/.test(name));
  const open = own.flatMap(({ name, labels }) =>
    Object.entries(labels)
      .filter(([label, value]) => !isClosed(label, value) && !(label === "result" && CODES.includes(value)))
      .map(([label, value]) => `${name}{${label}="${value}"}`),
  );
  expect(open).toEqual([]);
  expect(JSON.stringify(said)).not.toContain(MARK);
});
