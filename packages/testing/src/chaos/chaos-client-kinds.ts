import type { ClientKind } from "../checker/client-kinds.js";
import { CatchatChaosClient } from "./catchat-chaos-client.js";
import type { ChaosClient, ChaosClientFactory, ChaosClientOptions } from "./chaos-client.js";
import { NativeChaosClient } from "./native-chaos-client.js";
import { SdkChaosClient } from "./sdk-chaos-client.js";

interface Share {
  /** Up to this share of the users, those of the kinds before left out. */
  upTo: number;
  create: ChaosClientFactory;
}

/** The kinds in the order of their users. */
const KINDS: Record<ClientKind, Share> = {
  native: { upTo: 0.5, create: (options) => new NativeChaosClient(options) },
  dialect: { upTo: 0.7, create: (options) => new CatchatChaosClient(options) },
  sdk: { upTo: 1, create: (options) => new SdkChaosClient(options) },
};

export const CLIENT_KINDS = Object.keys(KINDS) as ClientKind[];

/** The kind of the user who stands at `share` (0 to 1) of all users. */
export function kindOf(share: number): ClientKind {
  return CLIENT_KINDS.find((kind) => share < KINDS[kind].upTo) ?? "native";
}

/** The users of each kind, in their order. */
export function usersByKind(users: readonly string[]): Record<ClientKind, string[]> {
  const byKind: Record<ClientKind, string[]> = { native: [], dialect: [], sdk: [] };
  for (const [place, user] of users.entries()) byKind[kindOf(place / users.length)].push(user);
  return byKind;
}

export function createChaosClient(kind: ClientKind, options: ChaosClientOptions): ChaosClient {
  return KINDS[kind].create(options);
}
