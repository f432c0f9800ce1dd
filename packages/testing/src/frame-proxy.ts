import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";

/** Says what becomes of a text that a server sends on one connection: the texts that the client gets instead. */
export type FrameChange = (text: string) => string[];

export interface FrameProxy {
  url: string;
  stop(): Promise<void>;
}

/** Stands between clients and a server, passes HTTP on as it is, and lets `changeOf` spoil what the server says over WebSockets; asked once for each. */
export async function startFrameProxy(target: string, changeOf: () => FrameChange): Promise<FrameProxy> {
  const server = createServer((incoming, answer) => passOn(target, { incoming, answer }));
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (near, incoming) => join(near, dial(target, incoming), changeOf()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function passOn(
  target: string,
  { incoming, answer }: { incoming: IncomingMessage; answer: ServerResponse },
): void {
  const { method, headers, url } = incoming;
  const outgoing = request(`${target}${url}`, { method, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  outgoing.on("error", () => answer.destroy());
  incoming.pipe(outgoing);
}

/** With the client's own headers, but for those of its handshake. */
function dial(target: string, { url, headers }: IncomingMessage): WebSocket {
  const kept = Object.entries(headers).filter(([name]) => !/^(host|connection|upgrade|sec-)/.test(name));
  return new WebSocket(`${target.replace(/^http/, "ws")}${url}`, {
    headers: Object.fromEntries(kept) as Record<string, string>,
    perMessageDeflate: false,
  });
}

function join(near: WebSocket, far: WebSocket, change: FrameChange): void {
  const early: string[] = [];
  near.on("message", (data) => {
    if (far.readyState === WebSocket.OPEN) far.send(String(data));
    else early.push(String(data));
  });
  far.on("open", () => {
    for (const text of early) far.send(text);
  });
  far.on("message", (data) => {
    for (const text of change(String(data))) near.send(text);
  });
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.on("error", () => other.terminate());
    one.on("close", () => other.close());
  }
}
