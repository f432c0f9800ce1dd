import type { ShownMessage } from "./history-entry.js";

/** A stored message, with its integer name. */
export interface TrueMessage extends ShownMessage {
  number: number;
}

/** A member of a chat, with what the API answers about what they have read. */
export interface TrueMember {
  user: string;
  readSeq: number;
  unread: number;
}

/** One chat as the API shows it after everything has come to rest. */
export interface TrueChat {
  id: string;
  lastSeq: number;
  messages: TrueMessage[];
  members: TrueMember[];
}

/** The end of a run: what is stored. */
export interface Truth {
  chats: TrueChat[];
}
