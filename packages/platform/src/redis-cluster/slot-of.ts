import { Command } from "ioredis";

/** The slot of a key or of a sharded channel: one server of a cluster has it. */
export function slotOf(key: string): number {
  return new Command("get", [key]).getSlot() ?? 0;
}
