import { Redis } from "ioredis";

const AT_ONCE = 10;

export interface SlotPlace {
  slot: number;
  /** The port of the master that has the slot. */
  owner: number;
  /** The port of the master that gets it. */
  other: number;
}

/** Moves a slot of a Redis Cluster and its keys to another master while it is used, as `redis-cli --cluster reshard` does. */
export async function moveSlot({ slot, owner, other }: SlotPlace): Promise<void> {
  const [source, target] = [owner, other].map((port) => new Redis({ port, host: "127.0.0.1" }));
  if (source === undefined || target === undefined) return;
  try {
    const [from, to] = await Promise.all([source, target].map((node) => node.call("CLUSTER", "MYID")));
    await target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", String(from));
    await source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", String(to));
    for (;;) {
      const keys = (await source.call("CLUSTER", "GETKEYSINSLOT", slot, AT_ONCE)) as string[];
      if (keys.length === 0) break;
      await source.call("MIGRATE", "127.0.0.1", other, "", 0, 5_000, "REPLACE", "KEYS", ...keys);
    }
    for (const node of [target, source]) await node.call("CLUSTER", "SETSLOT", slot, "NODE", String(to));
  } finally {
    for (const node of [source, target]) node.disconnect();
  }
}
