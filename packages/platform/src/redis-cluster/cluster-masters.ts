import type { Cluster, Redis } from "ioredis";

/** Where the servers are that have slots, as the client knows it: `host:port`. */
function ownersOf({ slots }: Cluster): Set<string> {
  const owners = new Set<string>();
  // The array has holes where no server has a slot.
  for (const [owner] of slots.filter(Boolean)) if (owner !== undefined) owners.add(owner);
  return owners;
}

/** A server that has slots. */
export interface Master {
  place: string;
  /** Undefined: there is none at the moment. */
  connection: Redis | undefined;
}

export function mastersOf(cluster: Cluster): Master[] {
  const connections = cluster.nodes("all").map((node) => [placeOf(node), node] as const);
  const byPlace = new Map(connections);
  return [...ownersOf(cluster)].map((place) => ({ place, connection: byPlace.get(place) }));
}

function placeOf({ options: { host = "", port = 0 } }: Redis): string {
  return `${host}:${port}`;
}

/** Asks any server which of them has which slot. Resolves with what went wrong when none answers. */
export function refreshSlots(cluster: Cluster): Promise<Error | undefined> {
  return new Promise((resolve) => cluster.refreshSlotsCache((error) => resolve(error ?? undefined)));
}
