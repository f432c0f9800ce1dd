import type { Transaction } from "./transaction.js";

export interface CommitEntry {
  chatId: string;
  /** The chat's newest revision and message after the transaction. */
  rev: number;
  seq: number;
  /** Who came into the chat, and where it stood before. */
  joined: string[];
  before: { rev: number; seq: number };
}

/** Notes a change of a chat for the nodes that do not hear of it; part of the transaction that makes the change. */
export async function logCommit(transaction: Transaction, entry: CommitEntry): Promise<void> {
  await transaction.commit.create({
    data: {
      chatIds: [entry.chatId],
      revs: [entry.rev],
      seqs: [entry.seq],
      joined: entry.joined,
      beforeRev: entry.before.rev,
      beforeSeq: entry.before.seq,
    },
    select: { id: true },
  });
}
