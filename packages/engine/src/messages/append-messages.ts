import { AUDIENCE_LIST_LIMIT } from "@parley/contracts";
import type { Pool } from "pg";
import type { MessageDraft } from "./message-draft.js";

/** One message on its way into the database. */
export interface Pending {
  id: string;
  chatId: string;
  senderId: string;
  senderRole: string;
  draft: MessageDraft;
  digest: string | null;
  /** The sender need not be a member (platform messages). */
  trusted: boolean;
}

export type Outcome =
  | { kind: "created"; number: number; seq: number; rev: number; at: Date }
  | { kind: "duplicate"; originalId: string }
  | { kind: "refused"; code: "chat_not_found" | "client_id_reused" | "chat_closed" | "reply_to_not_found" };

export interface Appended {
  /** In the order of the batch. */
  outcomes: Outcome[];
  /** The members of each small chat that got a message; absent for large chats. */
  audiences: Map<string, string[]>;
}

interface Row {
  place: number;
  outcome: string;
  message_id: string;
  message_number: number;
  message_seq: number;
  message_rev: number;
  stored_at: Date;
  audience: string[] | null;
}

const APPEND = {
  name: "append-messages",
  text: "SELECT * FROM append_messages($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14)",
};

/** Stores a batch of messages in one transaction; returns after the commit. */
export async function appendMessages(pool: Pool, batch: readonly Pending[]): Promise<Appended> {
  const values: unknown[] = [
    batch.map((pending) => pending.id),
    batch.map((pending) => pending.chatId),
    batch.map((pending) => pending.senderId),
    batch.map((pending) => pending.senderRole),
    batch.map((pending) => pending.draft.type),
    batch.map((pending) => pending.draft.content),
    batch.map((pending) => pending.draft.attachmentUrl ?? null),
    batch.map((pending) => pending.draft.attachmentType ?? null),
    batch.map((pending) => (pending.draft.metadata ? JSON.stringify(pending.draft.metadata) : null)),
    batch.map((pending) => pending.draft.replyTo ?? null),
    batch.map((pending) => pending.draft.clientId ?? null),
    batch.map((pending) => pending.digest),
    batch.map((pending) => pending.trusted),
    AUDIENCE_LIST_LIMIT,
  ];
  const { rows } = await pool.query<Row>({ ...APPEND, values });
  return collect(batch, rows);
}

function collect(batch: readonly Pending[], rows: readonly Row[]): Appended {
  const outcomes: Outcome[] = new Array(batch.length);
  const audiences = new Map<string, string[]>();
  for (const row of rows) {
    const index = row.place - 1;
    outcomes[index] = outcomeOf(row);
    const chatId = batch[index]?.chatId;
    if (row.audience !== null && chatId !== undefined) audiences.set(chatId, row.audience);
  }
  return { outcomes, audiences };
}

function outcomeOf(row: Row): Outcome {
  switch (row.outcome) {
    case "created":
      return {
        kind: "created",
        number: row.message_number,
        seq: row.message_seq,
        rev: row.message_rev,
        at: row.stored_at,
      };
    case "duplicate":
      return { kind: "duplicate", originalId: row.message_id };
    case "chat_not_found":
    case "client_id_reused":
    case "chat_closed":
    case "reply_to_not_found":
      return { kind: "refused", code: row.outcome };
    default:
      throw new Error(`append_messages answered ${row.outcome}, which this version does not know`);
  }
}
