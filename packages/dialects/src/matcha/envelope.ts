import type { RouteAnswer } from "../dialect-route.js";

/** An answer that went well. */
export function succeed(data: unknown, status: 200 | 201 = 200): RouteAnswer {
  return { status, body: { success: true, data } };
}
