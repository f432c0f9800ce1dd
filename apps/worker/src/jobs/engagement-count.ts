import { rollUpEngagement } from "@parley/engine";
import type { JobHandler } from "./job.js";

/** Messages of one statement, which must be short: nobody waits for these numbers. */
const MESSAGES_AT_ONCE = 2_000;
/** 200,000 messages; what is left waits for the next run, half a minute later. */
const STEPS_PER_RUN = 100;

/** Counts what has been written since, and after an outage what was written meanwhile, a bounded piece with each run. */
export const engagementCount: JobHandler<"engagement.count"> = async ({ engine, log }) => {
  for (let step = 0; step < STEPS_PER_RUN; step++) {
    const { more } = await rollUpEngagement(engine, { limit: MESSAGES_AT_ONCE });
    if (!more) return;
  }
  log.info({ steps: STEPS_PER_RUN }, "Counting what people write is behind; the next run goes on");
};
