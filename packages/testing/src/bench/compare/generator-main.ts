import type { GeneratorAnswer, GeneratorOrder } from "./generator-protocol.js";
import { Load } from "./load.js";

/** The load generator: a process of its own, so that its work is none of the rivals', and its CPU is reported. */

const load = new Load();

process.on("message", (order: GeneratorOrder) => {
  carryOut(order).then(answer, (error) => answer({ type: "failed", reason: String(error) }));
});
process.on("disconnect", () => process.exit(0));

async function carryOut(order: GeneratorOrder): Promise<GeneratorAnswer> {
  if (order.type === "connect") return { type: "connected", seconds: await load.connect(order.plan) };
  const result = await (order.type === "closed" ? load.closedLoop(order) : load.openLoop(order));
  return { type: "measured", result };
}

function answer(message: GeneratorAnswer): void {
  process.send?.(message);
}
