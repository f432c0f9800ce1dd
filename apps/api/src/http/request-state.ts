import type { Response } from "express";

/** What is known about a request under way, for its log line, its numbers and its failures. */
export interface RequestState {
  id: string;
  /** The pattern of the path: paths themselves hold ids, and would make a number of each. */
  route: string;
  userId?: string;
  /** The code of the failure that it ended with. */
  code?: string;
}

const states = new WeakMap<Response, RequestState>();

export function beginState(response: Response, id: string): RequestState {
  const state: RequestState = { id, route: "unknown" };
  states.set(response, state);
  return state;
}

/** The state of a request that `trackRequests` has begun. */
export function requestState(response: Response): RequestState {
  const state = states.get(response);
  if (state === undefined) throw new Error("The request has no state: trackRequests must come first.");
  return state;
}
