import type { Socket } from "node:net";
import { type buildConnector, Client } from "undici";
import type { Clock } from "./clock.js";
import type { PostLimits, PostRequest, PostResult } from "./post-push.js";
import { PushExchange } from "./push-exchange.js";

export interface ConnectionLimits extends PostLimits {
  /** An idle connection is closed after this long. */
  idleMs: number;
}

export interface ConnectionContext {
  /** `https://host:port` */
  origin: string;
  limits: ConnectionLimits;
  clock: Clock;
  /** Opens a socket, to an address that may be asked. */
  connect: buildConnector.connector;
}

/** One connection to a push service. It is opened for the first push, kept for the next ones, and opened anew when it is gone. */
export interface PushConnection {
  /** Sends one push and waits for the answer; one at a time. Never rejects and follows nothing. */
  post(request: PostRequest): Promise<PostResult>;
  close(): void;
}

export function createPushConnection({ origin, limits, clock, connect }: ConnectionContext): PushConnection {
  let socket: Socket | undefined;
  let exchange: PushExchange | undefined;
  const open: buildConnector.connector = (options, done) => {
    // While the connection before this one was closing, there was nothing to break off.
    if (exchange?.hasRunOut()) return done(new Error("It is too late to connect"), null);
    exchange?.onConnecting();
    const opening: unknown = connect(options, (...result) => {
      exchange?.onConnected();
      done(...result);
    });
    // The types keep back what the connector gives.
    socket = opening as Socket;
  };
  // Not by the client's own abort, after which it connects anew although nothing waits.
  const breakOff = (code: string) => void socket?.destroy(Object.assign(new Error(code), { code }));
  const client = new Client(origin, {
    connect: open,
    keepAliveTimeout: limits.idleMs,
    keepAliveMaxTimeout: limits.idleMs,
    maxHeaderSize: limits.answerHeaderBytes,
    // The exchange has its own.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    post: ({ path, headers, body, leftMs }) =>
      new Promise((end) => {
        exchange = new PushExchange({ limits, clock, leftMs, reused: socket, breakOff, end });
        client.dispatch({ path, method: "POST", headers, body }, exchange);
      }),
    close: () => void client.destroy(),
  };
}
