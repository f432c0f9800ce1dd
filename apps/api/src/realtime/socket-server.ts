import type { Server as HttpServer, IncomingMessage } from "node:http";
import { type ErrorCode, LIMITS, ParleyError } from "@parley/contracts";
import { Server } from "socket.io";
import { isOriginAllowed } from "../auth/is-origin-allowed.js";
import type { ApiConfig } from "../config.js";
import type { Admission } from "./admission.js";
import type { RealtimeMetrics } from "./metrics.js";
import { NAMESPACE } from "./outbound.js";
import type { ChatServer } from "./socket-types.js";

/** Transports that have not shown a token yet; they are few unless somebody fills the node with silence. */
const STRANGERS = 1_000;
const STRANGER_MS = 5_000;

/** Makes the Socket.IO server with limits that fit the contract. WebSocket only, unless polling is switched on. */
export function createSocketServer(
  httpServer: HttpServer,
  options: { config: ApiConfig; admission: Admission; metrics: RealtimeMetrics },
): ChatServer {
  const { config, admission, metrics } = options;
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
      const refusal = handshakeRefusal(request, {
        config,
        strangers: io.engine.clientsCount - admission.count,
      });
      if (refusal !== null) metrics.handshakes.inc({ contract: "native", result: refusal });
      decide(refusal && new ParleyError(refusal).message, refusal === null);
    },
  });
  // Only the chat namespace is served; the default one would be a connection without a token.
  io.of("/").use((socket, next) => {
    next(new Error(`Connect to the namespace ${NAMESPACE}.`));
    setImmediate(() => socket.conn.close());
  });
  return io;
}

function handshakeRefusal(
  request: IncomingMessage,
  facts: { config: ApiConfig; strangers: number },
): ErrorCode | null {
  if (!isOriginAllowed(facts.config, request.headers.origin)) return "origin_not_allowed";
  return facts.strangers >= STRANGERS ? "too_many_connections" : null;
}
