import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { mendBlocks } from "./mend-blocks.js";

const LIMITS = { maxWait: 3_000, timeout: 30_000 };

/** Makes everything anew that changed messages are found by, and waits for whoever is at it. Throws database_unavailable. */
export async function mendSearch(engine: Engine): Promise<void> {
  for (let isUnfinished = true; isUnfinished; ) {
    const mended = await guardDatabase(() =>
      engine.database.prisma.$transaction(async (transaction) => {
        await transaction.$queryRaw`SELECT id FROM search_lanes WHERE id = 1 FOR UPDATE`;
        return mendBlocks(transaction);
      }, LIMITS),
    );
    isUnfinished = mended.isUnfinished;
  }
}
