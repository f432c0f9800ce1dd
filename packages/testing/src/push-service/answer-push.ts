import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { acceptsPush, type BehaviourKind, type SettledBehaviour } from "./behaviour.js";
import type { ExaminedPush } from "./examine-push.js";
import type { Gates } from "./gates.js";
import type { PushJournal } from "./push-journal.js";
import type { PushAnswer } from "./push-request.js";

export interface Exchange extends ExaminedPush {
  journal: PushJournal;
  gates: Gates;
  origin: string;
  body: Buffer;
  response: ServerResponse;
  /** Breaks the connection off with a TCP reset. */
  reset: () => void;
}

const ACCEPT: SettledBehaviour = { kind: "accept" };
const FLOOD_CHUNK = Buffer.alloc(64 * 1024, "flood ");
const MEGABYTE = 1024 * 1024;
const DRIP_MS = 10;

/**
 * Treats a push as it was chosen, and notes what was done. A push that the protocol refuses is answered with its refusal instead where
 * it would have been accepted. Resolves when the answer has begun; a `slow` push waits at its gate before that.
 */
export async function answerPush(exchange: Exchange, behaviour: SettledBehaviour): Promise<void> {
  if (behaviour.kind === "slow") {
    await exchange.gates.pass(behaviour.gate);
    return answerPush(exchange, behaviour.next ?? ACCEPT);
  }
  if (!acceptsPush(behaviour)) {
    perform(exchange, behaviour);
    return;
  }
  const { request, subscription, body } = exchange;
  if (request.refusal !== null || subscription === undefined) {
    refuse(exchange, request.refusal ?? { status: 404, reason: "there is no such subscription" });
    return;
  }
  exchange.journal.accept({ request, subscription, body });
  perform(exchange, behaviour);
}

function perform(exchange: Exchange, behaviour: Exclude<SettledBehaviour, { kind: "slow" }>): void {
  switch (behaviour.kind) {
    case "accept":
      begin(exchange, { kind: "accept", status: 201, headers: acceptedHeaders(exchange) });
      exchange.response.end();
      return;
    case "status":
      answerStatus(exchange, behaviour);
      return;
    case "hang":
      note(exchange, { kind: "hang", status: null });
      return;
    case "reset":
      note(exchange, { kind: "reset", status: null });
      exchange.reset();
      return;
    case "redirect":
      begin(exchange, {
        kind: "redirect",
        status: behaviour.status ?? 302,
        headers: { location: behaviour.to, "content-length": 0 },
      });
      exchange.response.end();
      return;
    case "drip":
      drip(exchange, behaviour);
      return;
    case "flood":
      flood(exchange, behaviour);
  }
}

function refuse(exchange: Exchange, { status, reason }: { status: number; reason: string }): void {
  const headers: OutgoingHttpHeaders = {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(reason),
  };
  if (status === 401) headers["www-authenticate"] = "vapid";
  if (status === 405) headers.allow = "POST";
  // What is left of a body that is far too large is not read.
  if (!exchange.response.req.complete) headers.connection = "close";
  begin(exchange, { kind: "refusal", status, headers }).bodyBytes = Buffer.byteLength(reason);
  exchange.response.end(reason);
}

function acceptedHeaders({ origin, journal, request }: Exchange): OutgoingHttpHeaders {
  const location = `${origin}/message/${journal.counters.accepted}`;
  return { location, ttl: request.headers?.ttl ?? 0, "content-length": 0 };
}

function answerStatus(
  exchange: Exchange,
  { status, retryAfter, body = "" }: Extract<SettledBehaviour, { kind: "status" }>,
): void {
  const headers: OutgoingHttpHeaders = status === 201 ? acceptedHeaders(exchange) : {};
  if (status !== 204 && status !== 304) headers["content-length"] = Buffer.byteLength(body);
  if (retryAfter !== undefined) headers["retry-after"] = String(retryAfter);
  begin(exchange, { kind: "status", status, headers }).bodyBytes = Buffer.byteLength(body);
  exchange.response.end(body);
}

function drip(
  exchange: Exchange,
  { part, everyMs = DRIP_MS }: Extract<SettledBehaviour, { kind: "drip" }>,
): void {
  const { response } = exchange;
  const write = part === "body" ? dripBody(exchange) : dripHead(exchange);
  const timer = setInterval(write, everyMs);
  response.once("close", () => clearInterval(timer));
  if (response.destroyed) clearInterval(timer);
}

function dripBody(exchange: Exchange): () => void {
  const { location, ttl } = acceptedHeaders(exchange);
  const answer = begin(exchange, { kind: "drip", status: 201, headers: { location, ttl } });
  return () => {
    answer.bodyBytes += 1;
    exchange.response.write(".");
  };
}

/** Past the response, which would send its header in one piece. */
function dripHead(exchange: Exchange): () => void {
  note(exchange, { kind: "drip", status: null });
  const { socket } = exchange.response;
  const start = "HTTP/1.1 201 Created\r\nX-Drip: ";
  let place = 0;
  return () => {
    socket?.write(start[place] ?? ".");
    place += 1;
  };
}

function flood(
  exchange: Exchange,
  { megabytes = Number.POSITIVE_INFINITY, status = 201 }: Extract<SettledBehaviour, { kind: "flood" }>,
): void {
  const { response } = exchange;
  const answer = begin(exchange, { kind: "flood", status, headers: { "content-type": "text/plain" } });
  const pour = () => {
    for (let left = megabytes * MEGABYTE - answer.bodyBytes; left > 0; left -= FLOOD_CHUNK.length) {
      if (response.destroyed) return;
      answer.bodyBytes += FLOOD_CHUNK.length;
      if (response.write(FLOOD_CHUNK)) continue;
      response.once("drain", pour);
      return;
    }
    response.end();
  };
  pour();
}

interface Beginning {
  kind: BehaviourKind | "refusal";
  status: number;
  headers: OutgoingHttpHeaders;
}

function begin(exchange: Exchange, { kind, status, headers }: Beginning): PushAnswer {
  exchange.response.writeHead(status, headers);
  return note(exchange, { kind, status });
}

function note(
  { journal, request }: Exchange,
  { kind, status }: Pick<PushAnswer, "kind" | "status">,
): PushAnswer {
  request.answer = { kind, status, bodyBytes: 0 };
  journal.answered(String(status ?? kind));
  return request.answer;
}
