import { tokenOf } from "../call-facts.js";
import type { Dialect } from "../dialect.js";
import { catchatErrors } from "./catchat-errors.js";
import { catchatRoutes } from "./catchat-routes.js";
import { catchatSocket } from "./catchat-socket.js";

/** CatChat: people named by account, sessions with one person or a group; a main server owns the users. */
export const catchatDialect: Dialect = {
  name: "catchat",
  basePaths: ["/api/chat"],
  identify: (facts, proofs) => proofs.bearer(tokenOf(facts)),
  routes: catchatRoutes,
  errors: catchatErrors,
  socket: catchatSocket,
};
