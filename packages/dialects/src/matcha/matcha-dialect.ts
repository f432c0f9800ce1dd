import type { Dialect } from "../dialect.js";
import { conversationRoutes } from "./conversation-routes.js";
import { errorFrame, errors } from "./errors.js";
import { serverFrame } from "./frames.js";
import { identifyUser } from "./identify-user.js";
import { inbound } from "./inbound.js";
import { messageRoutes } from "./message-routes.js";
import { outbound } from "./outbound.js";
import { BASE_PATH, SOCKET_PATH } from "./paths.js";
import { presenceRoutes } from "./presence-routes.js";

const IDLE_MS = 90_000;

/** The contract of the Matcha chat service: conversations of two, integers on the wire. Described in docs/contracts/matcha.md. */
export const matchaDialect: Dialect = {
  name: "matcha",
  basePaths: [BASE_PATH],
  identify: identifyUser,
  routes: [...conversationRoutes, ...messageRoutes, ...presenceRoutes],
  errors,
  socket: {
    path: SOCKET_PATH,
    idleMs: IDLE_MS,
    greet: ({ identity }) => [
      serverFrame("connected", { data: { user_id: Number(identity.userId), status: "connected" } }),
    ],
    frames: inbound,
    error: errorFrame,
    outbound,
  },
};
