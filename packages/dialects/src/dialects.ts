import { catchatDialect } from "./catchat/catchat-dialect.js";
import type { Dialect } from "./dialect.js";
import { gatewayDialect } from "./gateway/gateway-dialect.js";
import { kelisimDialect } from "./kelisim/kelisim-dialect.js";
import { matchaDialect } from "./matcha/matcha-dialect.js";

/** Every dialect that a node speaks, besides the native contract. */
export const DIALECTS: readonly Dialect[] = [catchatDialect, gatewayDialect, kelisimDialect, matchaDialect];
