import { Counter, type Metrics } from "@parley/platform";

export interface SearchMetrics {
  blocks: Counter;
  messages: Counter;
  mended: Counter;
}

/** What was made for search. Its runs are jobs, and are measured as such. */
export function createSearchMetrics({ registry }: Metrics): SearchMetrics {
  const registers = [registry];
  const blocks = new Counter({
    name: "parley_search_blocks_total",
    help: "Blocks of messages that were made to be searched",
    registers,
  });
  const messages = new Counter({
    name: "parley_search_messages_total",
    help: "Messages in those blocks",
    registers,
  });
  const mended = new Counter({
    name: "parley_search_mended_total",
    help: "Edited, deleted, archived and restored parts of chats whose blocks were made anew",
    registers,
  });
  return { blocks, messages, mended };
}
