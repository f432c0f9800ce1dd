import { indexMessages } from "@parley/engine";
import type { JobHandler } from "./job.js";

/** Makes what new and changed messages are found by, until all are or the worker stops. One runs at a time, whichever worker's it is. */
export const searchIndex: JobHandler<"search.index"> = async ({ engine, search }) => {
  const afterStep = async () => !search.stopping.signal.aborted;
  const { blocks, messages, mended } = await indexMessages(engine, { afterStep });
  search.metrics.blocks.inc(blocks);
  search.metrics.messages.inc(messages);
  search.metrics.mended.inc(mended);
};
