import { createHash } from "node:crypto";
import { type Engine, listMessages, syncChanges } from "@parley/engine";

const PAGE = 200;

/** A digest of all that a chat's history shows somebody, page by page from the newest on; and how many messages that were. */
export async function historyPrint(
  engine: Engine,
  { chatId, userId }: { chatId: string; userId: string },
): Promise<{ print: string; messages: number }> {
  const hash = createHash("sha256");
  const actor = { userId, role: "user" };
  let messages = 0;
  let beforeSeq = 2_147_483_647;
  for (;;) {
    const position = { beforeSeq };
    const page = await listMessages(engine, { actor, chatId, limit: PAGE, position });
    for (const message of page.messages.toReversed()) hash.update(JSON.stringify(message));
    messages += page.messages.length;
    hash.update(String(page.total));
    beforeSeq = page.messages[0]?.seq ?? 0;
    if (!page.hasMore) return { print: hash.digest("hex"), messages };
  }
}

/** A digest of all that catching up tells somebody, from a cursor or from nothing; without the cursors, which name the moment. */
export async function syncPrint(
  engine: Engine,
  { userId, cursor }: { userId: string; cursor?: string },
): Promise<{ print: string; cursor: string }> {
  const hash = createHash("sha256");
  const actor = { userId, role: "user" };
  let at = cursor;
  for (;;) {
    const { cursor: next, hasMore, ...told } = await syncChanges(engine, { actor, cursor: at, limit: PAGE });
    hash.update(JSON.stringify(told));
    at = next;
    if (!hasMore) return { print: hash.digest("hex"), cursor: at };
  }
}
