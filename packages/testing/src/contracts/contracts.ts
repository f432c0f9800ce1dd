import { catchatContract } from "./catchat-contract.js";
import type { Contract } from "./contract-client.js";
import { gatewayContract } from "./gateway-contract.js";
import { kelisimContract } from "./kelisim-contract.js";
import { matchaContract } from "./matcha-contract.js";
import { nativeContract } from "./native-contract.js";

/** Every contract that a node speaks. */
export const CONTRACTS: readonly Contract[] = [
  nativeContract,
  catchatContract,
  gatewayContract,
  kelisimContract,
  matchaContract,
];
