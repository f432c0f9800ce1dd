import { createServer, type IncomingMessage } from "node:http";
import type { Delivery } from "./delivery-counts.js";
import type { PushService } from "./push-service.js";
import { readBehaviour } from "./read-behaviour.js";
import { Refusal } from "./refusal.js";

export interface ControlServer {
  url: string;
  stop(): Promise<void>;
}

interface Call {
  /** What stood in the path's place. */
  name: string;
  query: URLSearchParams;
  json: Record<string, unknown>;
}

interface Route {
  method: string;
  path: RegExp;
  answer: (service: PushService, call: Call) => unknown;
}

const MOST_SUBSCRIPTIONS = 10_000;
const MOST_LISTED = 10_000;
const BODY_BYTES = 256 * 1024 * 1024;

const route = (method: string, path: RegExp, answer: Route["answer"]): Route => ({ method, path, answer });

/** JSON in, JSON out; `subscription` is an id or an endpoint everywhere. */
const ROUTES = [
  route("POST", /^\/subscriptions$/, addSubscriptions),
  route("POST", /^\/removals$/, (service, { json }) => service.removeSubscription(String(json.subscription))),
  route("PUT", /^\/behaviour$/, setBehaviour),
  route("GET", /^\/gates\/([^/]+)$/, (service, { name }) => ({ waiting: service.gate(name).waiting })),
  route("POST", /^\/gates\/([^/]+)\/open$/, (service, { name }) => service.gate(name).open()),
  route("POST", /^\/gates\/([^/]+)\/shut$/, (service, { name }) => service.gate(name).shut()),
  route("GET", /^\/counters$/, (service) => ({ ...service.counters(), process: processFigures() })),
  route("GET", /^\/received$/, listReceived),
  route("GET", /^\/doubled$/, (service) => service.doubled()),
  route("POST", /^\/missing$/, (service, { json }) => service.missing(readExpected(json))),
  route("GET", /^\/deliveries$/, (service) => service.deliveries()),
  route("POST", /^\/forget$/, (service) => service.forget()),
];

/** Lets another process steer a push service, over HTTP on a port of its own of 127.0.0.1, so that the service's counters stay clean. */
export async function startControlServer(service: PushService, port: number): Promise<ControlServer> {
  const server = createServer((message, response) => {
    answerCall(service, message).then(
      (answer) => {
        response.writeHead(answer === undefined ? 204 : 200, { "content-type": "application/json" });
        response.end(answer === undefined ? "" : JSON.stringify(answer));
      },
      (error: Error) => {
        response.writeHead(error instanceof Refusal ? error.status : 500, { "content-type": "text/plain" });
        response.end(error.message);
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answerCall(service: PushService, message: IncomingMessage): Promise<unknown> {
  const { pathname, searchParams } = new URL(message.url ?? "/", "http://control");
  for (const { method, path, answer } of ROUTES) {
    const place = path.exec(pathname);
    if (place === null || method !== message.method) continue;
    const name = decodeURIComponent(place[1] ?? "");
    return answer(service, { name, query: searchParams, json: await readJson(message) });
  }
  throw new Refusal(404, `there is no ${message.method} ${pathname}`);
}

async function readJson(message: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES) throw new Refusal(413, `a call has at most ${BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (size === 0) return {};
  try {
    return Object(JSON.parse(Buffer.concat(chunks).toString("utf8"))) as Record<string, unknown>;
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
}

function addSubscriptions(service: PushService, { json }: Call) {
  const { count = 1, userAgentName, applicationServerKey } = json;
  if (!Number.isInteger(count) || Number(count) < 1 || Number(count) > MOST_SUBSCRIPTIONS) {
    throw new Refusal(400, `count is a whole number from 1 to ${MOST_SUBSCRIPTIONS}`);
  }
  const asked = {
    ...(typeof userAgentName === "string" && { userAgentName }),
    ...(typeof applicationServerKey === "string" && { applicationServerKey }),
  };
  return Array.from({ length: Number(count) }, () => service.newSubscription(asked));
}

function readExpected({ expected }: Call["json"]): Delivery[] {
  if (!Array.isArray(expected)) throw new Refusal(400, "expected is a list");
  return expected.map((one: Partial<Delivery> | null) => {
    const { subscription, key } = one ?? {};
    if (typeof subscription !== "string" || typeof key !== "string") {
      throw new Refusal(400, "what is expected has a subscription and a key");
    }
    return { subscription, key };
  });
}

function setBehaviour(service: PushService, { json: { behaviour, subscription } }: Call): void {
  const name = typeof subscription === "string" ? subscription : undefined;
  service.behave(behaviour === null ? undefined : readBehaviour(behaviour), name);
}

function listReceived(service: PushService, { query }: Call) {
  const after = Number(query.get("after") ?? 0);
  const limit = Math.min(Number(query.get("limit") ?? MOST_LISTED), MOST_LISTED);
  if (!Number.isInteger(after) || !Number.isInteger(limit) || after < 0 || limit < 0) {
    throw new Refusal(400, "after and limit are whole numbers");
  }
  return service.received.slice(after, after + limit);
}

/** So that a benchmark can show that not this process was what it measured. */
function processFigures() {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, rssBytes: process.memoryUsage.rss() };
}
