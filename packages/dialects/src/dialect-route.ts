import type { OpenFile } from "@parley/engine";
import type { Caller } from "./caller.js";

export interface RouteRequest {
  /** Where the client has found this server: host and port, as a trusted proxy tells it. */
  host: string;
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, unknown>>;
  /** A JSON object; empty for a request without a body. */
  body: Readonly<Record<string, unknown>>;
}

/** A file on its way in. */
export interface ReceivedFile {
  /** As the client wrote it, with whatever path and characters. */
  name: string;
  bytes: AsyncIterable<Uint8Array>;
  /** The most that can come; undefined when the client has not said how long its body is. */
  expectedBytes: number | undefined;
}

/** A form with one file, in the field `file`. */
export interface UploadRequest extends Omit<RouteRequest, "body"> {
  /** Reads the form as fast as `store` takes the file. Throws invalid_input, body_too_large, rate_limited, overloaded, and what `store` throws. */
  receive<Result>(store: (file: ReceivedFile) => Promise<Result>): Promise<Result>;
}

export interface JsonAnswer {
  status: number;
  /** Sent as JSON; absent for 204. */
  body?: unknown;
}

/** A file's bytes, or what the request's `Range` asks for of them; to be saved, never to be shown. */
export interface FileAnswer {
  file: OpenFile;
}

export type RouteAnswer = JsonAnswer | FileAnswer;

interface Place {
  method: "get" | "post" | "put" | "patch" | "delete";
  /** With `:name` for parameters. A trailing slash makes no difference. */
  path: string;
}

interface JsonRoute extends Place {
  upload?: undefined;
  handle(caller: Caller, request: RouteRequest): Promise<RouteAnswer>;
}

interface UploadRoute extends Place {
  upload: true;
  handle(caller: Caller, request: UploadRequest): Promise<RouteAnswer>;
}

/** One REST call of a dialect. The caller is known and counted, the body is parsed; what is thrown is told in the dialect's words. */
export type DialectRoute = JsonRoute | UploadRoute;
