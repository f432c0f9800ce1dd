import type { Dialect } from "../dialect.js";
import { gatewayErrors } from "./gateway-errors.js";
import { gatewayRoutes } from "./gateway-routes.js";
import { gatewaySocket } from "./gateway-socket.js";

/** Gateway rooms: one open room for each post, for everybody whom an API gateway has authenticated. */
export const gatewayDialect: Dialect = {
  name: "gateway",
  basePaths: ["/chat/v1"],
  identify: (_facts, proofs) => proofs.gateway(),
  routes: gatewayRoutes,
  errors: gatewayErrors,
  socket: gatewaySocket,
};
