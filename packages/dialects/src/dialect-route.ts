import type { Caller } from "./caller.js";

export interface RouteRequest {
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, unknown>>;
  /** A JSON object; empty for a request without a body. */
  body: Readonly<Record<string, unknown>>;
}

export interface RouteAnswer {
  status: number;
  /** Sent as JSON; absent for 204. */
  body?: unknown;
}

/** One REST call of a dialect. The caller is known and counted, the body is parsed; what is thrown is told in the dialect's words. */
export interface DialectRoute {
  method: "get" | "post" | "put" | "patch" | "delete";
  /** With `:name` for parameters. A trailing slash makes no difference. */
  path: string;
  handle(caller: Caller, request: RouteRequest): Promise<RouteAnswer>;
}
