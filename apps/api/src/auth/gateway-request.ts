import type { IncomingMessage } from "node:http";

/** What a gateway's word is judged by: any HTTP request, or the handshake of a WebSocket. */
export interface GatewayRequest {
  /** In capitals. */
  method: string;
  /** As the client wrote it: not decoded, without the query. */
  path: string;
  /** Every value of a header, by its name in small letters; a header that was sent twice has two. */
  header: (name: string) => readonly string[];
  /** As the client wrote it, without the question mark. */
  query: string;
  /** Whether it opens a WebSocket: only there identity may stand in the query. */
  isHandshake: boolean;
}

/** A request as Node has read it; also one that Express has, wherever its router is mounted. */
export function gatewayRequestOf(message: IncomingMessage & { originalUrl?: string }): GatewayRequest {
  const url = message.originalUrl ?? message.url ?? "/";
  const end = url.indexOf("?");
  const upgrade = message.headersDistinct.upgrade ?? [];
  return {
    method: message.method ?? "",
    path: end < 0 ? url : url.slice(0, end),
    query: end < 0 ? "" : url.slice(end + 1),
    header: (name) => message.headersDistinct[name] ?? [],
    isHandshake: message.method === "GET" && upgrade.some((value) => value.toLowerCase() === "websocket"),
  };
}
