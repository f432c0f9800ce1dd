import type { MessageShape } from "@parley/contracts";
import type { ShownMessage } from "../checker/history-entry.js";
import { shownOf } from "./shown-of.js";

const ANSWER_MS = 10_000;
const PAGE_ROWS = 200;

/** Reads a page of a chat's history over REST; undefined when no answer came. */
export async function readMessages(
  where: { url: string; token: string; chat: string },
  afterSeq: number,
): Promise<{ shown: ShownMessage[]; through?: number } | undefined> {
  const path = `/v1/chat/${where.chat}/messages?after_seq=${afterSeq}&limit=${PAGE_ROWS}`;
  try {
    const response = await fetch(new URL(path, where.url), {
      headers: { authorization: `Bearer ${where.token}` },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (!response.ok) {
      await response.body?.cancel();
      return undefined;
    }
    const page = (await response.json()) as { messages: MessageShape[]; hasMore: boolean };
    const shown = page.messages.map(shownOf);
    return page.hasMore ? { shown, through: shown.at(-1)?.seq ?? afterSeq } : { shown };
  } catch {
    return undefined;
  }
}
