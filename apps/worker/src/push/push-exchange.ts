import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { Dispatcher } from "undici";
import type { Clock } from "./clock.js";
import type { PostAnswer, PostFailure, PostLimits, PostResult } from "./post-push.js";

export interface ExchangeContext {
  limits: PostLimits;
  clock: Clock;
  /** From now to the end of the answer. */
  leftMs: number;
  /** The idle connection that is to be used again, if there is one. */
  reused: Socket | undefined;
  /** Ends the connection, or the attempt to get one. */
  breakOff: (code: string) => void;
  /** Told once. */
  end: (result: PostResult) => void;
}

const TEXT_BYTES = 1_024;
/** How it shows that the service had closed an idle connection in the moment in which it was used again. */
const CLOSED_MEANWHILE = new Set(["ECONNRESET", "EPIPE"]);
/** The client has names of its own for what Node calls so everywhere else. */
const NODE_CODES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: "ECONNRESET",
  UND_ERR_HEADERS_OVERFLOW: "HPE_HEADER_OVERFLOW",
};
const nothing = () => {};

/**
 * One push on its way and its answer, from the request to the last byte: the client tells it what happens. It reads no more than the
 * limits say, and ends when its time is over. Once the status is known it counts, even when the rest of the answer never comes.
 */
export class PushExchange implements Dispatcher.DispatchHandler {
  private answer: PostAnswer | undefined;
  private answerBytes = 0;
  private reused: Socket | undefined;
  private readonly bytesBefore: number | undefined;
  private ranOut: string | undefined;
  private stopWait: () => void;
  private stopConnect = nothing;

  constructor(private readonly context: ExchangeContext) {
    const { clock, limits, leftMs, reused } = context;
    this.reused = reused;
    this.bytesBefore = reused?.bytesRead;
    const headersMs = Math.min(limits.headersMs, leftMs);
    this.stopWait = clock.after(headersMs, () => {
      if (!this.answer) return this.runOut("HEADERS_TIMEOUT");
      this.stopWait = clock.after(leftMs - headersMs, () => this.runOut("DEADLINE"));
    });
  }

  /** Whether its time is over. */
  hasRunOut(): boolean {
    return this.ranOut !== undefined;
  }

  /** There is no connection after all: one is opened. */
  onConnecting(): void {
    this.reused = undefined;
    const { clock, limits, leftMs } = this.context;
    this.stopConnect = clock.after(Math.min(limits.connectMs, leftMs), () => this.runOut("CONNECT_TIMEOUT"));
  }

  onConnected(): void {
    this.stopConnect();
  }

  // The client knows by it which kind of handler this is.
  onRequestStart(): void {}

  onResponseStart(_: unknown, statusCode: number, headers: IncomingHttpHeaders): void {
    // Informational answers precede the answer.
    if (statusCode < 200) return;
    const { date } = headers;
    this.answer = { statusCode, retryAfter: firstOf(headers["retry-after"]), date: firstOf(date), text: "" };
  }

  /** Reads to the end, so that the connection can be used again; ends it when the end is too far. */
  onResponseData(_: unknown, chunk: Buffer): void {
    const { answer } = this;
    if (!answer) return;
    this.answerBytes += chunk.length;
    const isSuccess = answer.statusCode < 300;
    if (!isSuccess && answer.text.length < TEXT_BYTES) answer.text += chunk.toString("utf8", 0, TEXT_BYTES);
    if (this.answerBytes > this.context.limits.answerBytes) this.context.breakOff("ANSWER_TOO_LONG");
  }

  onResponseEnd(): void {
    this.finish("CLOSED");
  }

  onResponseError(_: unknown, { code = "CLOSED" }: NodeJS.ErrnoException): void {
    this.finish(NODE_CODES[code] ?? code);
  }

  private runOut(code: string): void {
    this.ranOut = code;
    this.context.breakOff(code);
  }

  private finish(problem: string): void {
    this.stopWait();
    this.stopConnect();
    const { answer, context } = this;
    context.end(answer ? { answer } : { failure: this.failureBy(problem) });
  }

  private failureBy(problem: string): PostFailure {
    const { reused, bytesBefore, ranOut } = this;
    const code = ranOut ?? problem;
    const stale = CLOSED_MEANWHILE.has(code) && reused !== undefined && reused.bytesRead === bytesBefore;
    return { timedOut: ranOut !== undefined, code, stale };
  }
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return typeof value === "object" ? value[0] : value;
}
