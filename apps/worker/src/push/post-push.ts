import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Clock } from "./clock.js";

export interface PostLimits {
  /** From now until there is a connection, when none is idle. */
  connectMs: number;
  /** From now until the answer's headers are there. */
  headersMs: number;
  answerBytes: number;
  answerHeaderBytes: number;
}

export interface PostRequest {
  agent: Agent;
  url: URL;
  /** Names and values in turns. */
  headers: string[];
  body: Uint8Array;
  /** From now to the end of the answer, whatever trickles in meanwhile. */
  leftMs: number;
}

export interface PostAnswer {
  statusCode: number;
  retryAfter: string | undefined;
  date: string | undefined;
  /** The beginning of the body of anything but a success. */
  text: string;
}

export interface PostFailure {
  timedOut: boolean;
  /** Node's or our own code: `ECONNREFUSED`, `CONNECT_TIMEOUT`, … */
  code: string;
  /**
   * Whether an idle connection turned out to have been closed: nobody is to blame, and another attempt may follow at once. It is not known
   * whether the service read the push; trying later would leave that open as well.
   */
  stale: boolean;
}

export type PostResult = { answer: PostAnswer; failure?: never } | { failure: PostFailure; answer?: never };

export const NO_TIME_LEFT: PostFailure = { timedOut: true, code: "NO_TIME_LEFT", stale: false };

const TEXT_BYTES = 1_024;
/** How it shows that the service had closed an idle connection in the moment in which it was used again. */
const CLOSED_MEANWHILE = new Set(["ECONNRESET", "EPIPE"]);

interface PostContext {
  limits: PostLimits;
  clock: Clock;
}

/**
 * Sends one push and waits for the answer. Never rejects, follows nothing, and reads no more than the limits say: once the status is known
 * it counts, even when the rest of the answer never comes.
 */
export function postPush(context: PostContext, post: PostRequest): Promise<PostResult> {
  return new Promise((resolve) => {
    const request = startRequest(post, context.limits);
    let answer: PostAnswer | undefined;
    let bytesBefore = 0;
    const time = watchTime(request, { ...context, leftMs: post.leftMs });
    const end = (error?: NodeJS.ErrnoException) => {
      time.stop();
      if (answer) return resolve({ answer });
      const code = time.ranOut() ?? error?.code ?? "CLOSED";
      const stale =
        CLOSED_MEANWHILE.has(code) && request.reusedSocket && request.socket?.bytesRead === bytesBefore;
      resolve({ failure: { timedOut: time.ranOut() !== undefined, code, stale } });
    };
    request.on("socket", (socket) => {
      bytesBefore = socket.bytesRead;
    });
    request.on("response", (response) => {
      answer = readHead(response);
      time.gotHeaders();
      readBody(response, answer, context.limits);
      response.on("end", end);
    });
    request.on("close", end);
    request.on("error", end);
    request.end(post.body);
  });
}

function startRequest({ agent, url, headers }: PostRequest, limits: PostLimits): ClientRequest {
  const start = url.protocol === "https:" ? httpsRequest : httpRequest;
  return start({
    agent,
    // The brackets of an IPv6 address are the URL's, not the address's.
    host: url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port,
    path: url.pathname + url.search,
    method: "POST",
    headers,
    maxHeaderSize: limits.answerHeaderBytes,
  });
}

/** Ends the request when it is late: with its connection, with the headers of its answer, or with all of it. */
function watchTime(request: ClientRequest, { limits, clock, leftMs }: PostContext & { leftMs: number }) {
  let code: string | undefined;
  let hasHeaders = false;
  const runOut = (which: string) => {
    code = which;
    request.destroy();
  };
  let stopConnect = () => {};
  const headersMs = Math.min(limits.headersMs, leftMs);
  let stopWait = clock.after(headersMs, () => {
    if (!hasHeaders) return runOut("HEADERS_TIMEOUT");
    stopWait = clock.after(leftMs - headersMs, () => runOut("DEADLINE"));
  });
  request.on("socket", (socket) => {
    if (!socket.connecting) return;
    stopConnect = clock.after(Math.min(limits.connectMs, leftMs), () => runOut("CONNECT_TIMEOUT"));
    socket.once("encrypted" in socket ? "secureConnect" : "connect", () => stopConnect());
  });
  return {
    gotHeaders: () => {
      hasHeaders = true;
    },
    ranOut: () => code,
    stop: () => {
      stopWait();
      stopConnect();
    },
  };
}

function readHead({ statusCode = 0, headers }: IncomingMessage): PostAnswer {
  return { statusCode, retryAfter: headers["retry-after"], date: headers.date, text: "" };
}

/** Reads to the end, so that the connection can be used again; ends it when the end is too far. */
function readBody(response: IncomingMessage, answer: PostAnswer, limits: PostLimits): void {
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    const isSuccess = answer.statusCode < 300;
    if (!isSuccess && answer.text.length < TEXT_BYTES) answer.text += chunk.toString("utf8", 0, TEXT_BYTES);
    if (bytes > limits.answerBytes) response.destroy();
  });
  // What breaks after the status changes nothing; the request's own end follows.
  response.on("error", () => undefined);
}
