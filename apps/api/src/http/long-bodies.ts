import type { IncomingMessage } from "node:http";

const allowed = new WeakSet<IncomingMessage>();

/** Lets a request take longer for its body than others may, because it watches over that itself. */
export function allowLongBody(request: IncomingMessage): void {
  allowed.add(request);
}

export function mayHaveLongBody(request: IncomingMessage): boolean {
  return allowed.has(request);
}
