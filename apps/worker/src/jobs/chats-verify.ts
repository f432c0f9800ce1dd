import { verifyChats } from "@parley/engine";
import type { JobHandler } from "./job.js";

/** Bounds one run after a busy time; the next run goes on from there. */
const PAGES_PER_RUN = 20;

/**
 * Compares the chats that changed since the last run with what chats promise. A fault is logged and counted, never repaired:
 * what went wrong must be seen first.
 */
export const chatsVerify: JobHandler<"chats.verify"> = async ({ engine, log, audit }, { limit }) => {
  for (let page = 0; page < PAGES_PER_RUN; page++) {
    const found = await verifyChats(engine, { limit, after: audit.after });
    for (const { chatId, rule } of found.faults) {
      audit.faults.inc({ rule });
      log.error({ chatId, rule }, "A chat's rows break what chats promise");
    }
    audit.checked.inc(found.checked);
    audit.after = found.next;
    if (found.caughtUp) return;
  }
  log.warn({ pages: PAGES_PER_RUN, limit }, "The audit of chats is behind their changes");
};
