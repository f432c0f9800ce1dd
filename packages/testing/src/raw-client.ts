import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { until } from "./until.js";

export type RawFrame = Record<string, unknown>;

/** A client of a contract that speaks JSON over a raw WebSocket; keeps everything it hears. */
export interface RawClient {
  socket: WebSocket;
  /** Everything heard, oldest first. */
  heard: RawFrame[];
  /** What closed it: the close code, once it is closed. */
  closed: Promise<number>;
  send(frame: unknown): void;
  /** Waits until a frame that fits has been heard, and returns it. */
  hear(fits: (frame: RawFrame) => boolean, what?: string): Promise<RawFrame>;
  /** Sends a frame and waits for the first one that comes after it and fits. */
  ask(frame: unknown, fits?: (frame: RawFrame) => boolean): Promise<RawFrame>;
  close(): void;
}

export interface RawClientOptions {
  headers?: Record<string, string>;
  origin?: string;
}

/** A handshake that was answered with something else than a connection. */
class HandshakeRefused extends Error {
  constructor(
    readonly status: number,
    readonly body: unknown,
  ) {
    super(`the handshake was refused: ${status} ${JSON.stringify(body)}`);
  }
}

/** Connects, and resolves when the socket is open. Throws HandshakeRefused. `url` may be http(s) or ws(s). */
export async function connectRaw(url: string, options: RawClientOptions = {}): Promise<RawClient> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), {
    ...options,
    headers: options.headers ?? {},
    perMessageDeflate: false,
  });
  const heard: RawFrame[] = [];
  socket.on("message", (data) => void heard.push(JSON.parse(String(data)) as RawFrame));
  const closed = new Promise<number>((resolve) => socket.once("close", (code) => resolve(code)));
  await opened(socket);
  // From here on `closed` says how it ended.
  socket.on("error", () => undefined);
  const send = (frame: unknown) => {
    socket.send(typeof frame === "string" || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  };
  return {
    socket,
    heard,
    closed,
    send,
    hear: (fits, what = "the frame comes") => until(() => heard.find(fits), what),
    ask: (frame, fits = () => true) => {
      const from = heard.length;
      send(frame);
      return until(() => heard.slice(from).find(fits), `${JSON.stringify(frame)} is answered`);
    },
    close: () => socket.close(),
  };
}

async function opened(socket: WebSocket): Promise<void> {
  const refused = new Promise<never>((_resolve, reject) => {
    socket.once("unexpected-response", (_request, response: IncomingMessage) => {
      void readAll(response).then((text) =>
        reject(new HandshakeRefused(response.statusCode ?? 0, parse(text))),
      );
    });
    socket.once("error", reject);
  });
  await Promise.race([once(socket, "open"), refused]);
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
