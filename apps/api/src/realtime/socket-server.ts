import type { Server as HttpServer, IncomingMessage } from "node:http";
import { LIMITS, ParleyError } from "@parley/contracts";
import type { RateLimiter } from "@parley/platform";
import { Server } from "socket.io";
import { isOriginAllowed } from "../auth/is-origin-allowed.js";
import type { ApiConfig } from "../config.js";
import type { Doorstep } from "./doorstep.js";
import { countHandshake } from "./handshake-rates.js";
import type { RealtimeMetrics } from "./metrics.js";
import { NAMESPACE } from "./outbound.js";
import type { ChatServer } from "./socket-types.js";

/** How long somebody may take to show a token. */
const STRANGER_MS = 5_000;

export interface SocketServerOptions {
  config: ApiConfig;
  limiter: RateLimiter;
  doorstep: Doorstep;
  addressOf: (request: IncomingMessage) => string;
  metrics: Pick<RealtimeMetrics, "errors" | "handshakes">;
}

/** Makes the Socket.IO server with limits that fit the contract. WebSocket only, unless polling is switched on. */
export function createSocketServer(httpServer: HttpServer, options: SocketServerOptions): ChatServer {
  const { config, doorstep, addressOf, metrics } = options;
  const io: ChatServer = new Server(httpServer, {
    transports: config.POLLING ? ["websocket", "polling"] : ["websocket"],
    serveClient: false,
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: LIMITS.frameBytes,
    connectTimeout: STRANGER_MS,
    pingInterval: 25_000,
    pingTimeout: 20_000,
    // Other paths belong to the dialects' sockets.
    destroyUpgrade: false,
    allowRequest: (request, decide) => {
      // Who breaks off while the handshake is judged is nobody's failure.
      request.socket.on("error", ignore);
      void judge(options, request).then((refusal) => {
        request.socket.off("error", ignore);
        if (refusal !== null) {
          metrics.errors.inc({ code: refusal.code });
          metrics.handshakes.inc({ contract: "native", result: refusal.code });
        }
        decide(refusal?.message, refusal === null);
      });
    },
  });
  io.engine.on("connection", (transport: Transport) => {
    transport.once("close", () => doorstep.leave(transport));
    // Others may have come while it was judged.
    if (!doorstep.enter(transport, addressOf(transport.request))) transport.close();
  });
  // Only the chat namespace is served; the default one would be a connection without a token.
  io.of("/").use((socket, next) => {
    next(new Error(`Connect to the namespace ${NAMESPACE}.`));
    setImmediate(() => socket.conn.close());
  });
  return io;
}

/** As much of Engine.IO's connection as is needed here. */
interface Transport {
  request: IncomingMessage;
  once(event: "close", listener: () => void): void;
  close(): void;
}

function ignore(): void {}

/** Why a handshake is refused; null when it is not. Never rejects. */
async function judge(options: SocketServerOptions, request: IncomingMessage): Promise<ParleyError | null> {
  if (!isOriginAllowed(options.config, request.headers.origin)) return new ParleyError("origin_not_allowed");
  const address = options.addressOf(request);
  if (!options.doorstep.hasRoom(address)) return new ParleyError("too_many_connections");
  return countHandshake(options, address).then(
    () => null,
    (refusal: ParleyError) => refusal,
  );
}
