import type { ShownMessage } from "./history-entry.js";

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
  messages: ShownMessage[];
  members: TrueMember[];
}

/** The end of a run: what is stored. */
export interface Truth {
  chats: TrueChat[];
}
