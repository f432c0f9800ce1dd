import type { ChatShape, MessageShape } from "@parley/contracts";
import { type ChatState, createChatState, type MemberFacts } from "./book.js";
import { putMessage, runMessages } from "./timeline.js";

/** A chat as it is kept across reloads: its newest messages, and everything else. */
export interface ChatRecord {
  facts: ChatShape;
  members: MemberFacts[];
  reads: Array<[userId: string, seq: number]>;
  /** Absent in records of earlier versions. */
  delivered?: Array<[userId: string, seq: number]>;
  messages: MessageShape[];
  told: number;
}

const KEPT_MESSAGES = 50;

/** `last_seq` is the newest message that is known to exist, so that a hole is seen for one when the record is read. */
export function recordOf(state: ChatState): ChatRecord {
  const { facts, members, reads, delivered, timeline } = state;
  return {
    facts: { ...facts, last_seq: timeline.top },
    members: [...members.values()],
    reads: [...reads],
    delivered: [...delivered],
    messages: runMessages(timeline).slice(-KEPT_MESSAGES),
    told: timeline.told,
  };
}

export function stateOf(record: ChatRecord): ChatState {
  const state = createChatState(record.facts, record.told);
  for (const member of record.members) state.members.set(member.user_id, member);
  for (const [userId, seq] of record.reads) state.reads.set(userId, seq);
  for (const [userId, seq] of record.delivered ?? []) state.delivered.set(userId, seq);
  for (const message of record.messages) putMessage(state.timeline, message);
  return state;
}
