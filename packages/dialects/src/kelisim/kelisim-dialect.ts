import type { Dialect } from "../dialect.js";
import { chatRoutes } from "./chat-routes.js";
import { errorFrame, errors } from "./errors.js";
import { fileRoutes } from "./file-routes.js";
import { identifyUser } from "./identify-user.js";
import { inbound } from "./inbound.js";
import { messageRoutes } from "./message-routes.js";
import { outbound } from "./outbound.js";
import { participantRoutes } from "./participant-routes.js";
import { BASE_PATH, SOCKET_PATH } from "./paths.js";

const IDLE_MS = 90_000;

/** The contract of the Kelisim chat service: chats with participants, integers on the wire. Described in docs/contracts/kelisim.md. */
export const kelisimDialect: Dialect = {
  name: "kelisim",
  basePaths: [BASE_PATH],
  identify: identifyUser,
  routes: [...chatRoutes, ...participantRoutes, ...messageRoutes, ...fileRoutes],
  errors,
  socket: {
    path: SOCKET_PATH,
    idleMs: IDLE_MS,
    countsAsDelivered: true,
    frames: inbound,
    error: errorFrame,
    outbound,
  },
};
