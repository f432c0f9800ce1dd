import type { ChaosClient, ChaosClientFactory, ChaosClientOptions } from "./chaos-client.js";
import { NativeChaosClient } from "./native-chaos-client.js";
import { SdkChaosClient } from "./sdk-chaos-client.js";

interface ClientKind {
  /** Up to this share of the users, those of the kinds before left out. */
  upTo: number;
  create: ChaosClientFactory;
}

/** What may stand between a user and the cluster. The first users, of whom some are made slow, speak the native contract. */
const KINDS: Record<string, ClientKind> = {
  native: { upTo: 0.6, create: (options) => new NativeChaosClient(options) },
  sdk: { upTo: 1, create: (options) => new SdkChaosClient(options) },
};

/** The kind of the user who stands at `share` (0 to 1) of all users. */
export function kindOf(share: number): string {
  return Object.keys(KINDS).find((name) => share < (KINDS[name]?.upTo ?? 0)) ?? "native";
}

export function createChaosClient(kind: string, options: ChaosClientOptions): ChaosClient {
  const found = KINDS[kind];
  if (found === undefined) throw new Error(`there is no kind of client named ${kind}`);
  return found.create(options);
}
