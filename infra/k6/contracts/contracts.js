import { catchatContract } from "./catchat.js";
import { gatewayContract } from "./gateway.js";
import { kelisimContract } from "./kelisim.js";
import { matchaContract } from "./matcha.js";
import { nativeContract } from "./native.js";

/** Every contract that a node speaks. */
export const contracts = [nativeContract, catchatContract, gatewayContract, kelisimContract, matchaContract];
