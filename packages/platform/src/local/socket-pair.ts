import type { Socket } from "node:net";

/** How long one direction may stay open after the other has ended, so that a forgotten half doesn't stay for ever. */
const halfOpenMs = 30_000;
const requestWithinMs = 5_000;
const lingerMs = 2_000;

/** Passes bytes both ways until both sides have ended; a side that breaks takes the other with it. */
export function joinSockets(client: Socket, upstream: Socket): void {
  link(client, upstream);
  link(upstream, client);
}

function link(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on("end", () => {
    to.setTimeout(halfOpenMs, () => to.destroy());
  });
  from.on("error", () => to.resetAndDestroy());
  from.on("close", () => {
    if (!from.readableEnded) to.destroy();
  });
}

/**
 * Answers that no node is ready, as HTTP. It waits for the request first and reads on afterwards: closing a socket
 * with unread bytes would reset it, and the client might never see the answer.
 */
export function refuse(client: Socket): void {
  const body = JSON.stringify({
    type: "about:blank",
    title: "Service Unavailable",
    status: 503,
    code: "unavailable",
    detail: "No node is ready at the moment. Try again shortly.",
  });
  const head = [
    "HTTP/1.1 503 Service Unavailable",
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Retry-After: 1",
    "Connection: close",
  ];
  client.setTimeout(requestWithinMs, () => client.destroy());
  client.on("end", () => client.end());
  client.once("data", () => {
    client.end(`${head.join("\r\n")}\r\n\r\n${body}`);
    client.setTimeout(lingerMs, () => client.destroy());
    client.resume();
  });
}
