/**
 * Somebody who reads in private has read further. Only their own connections are told; it is no change of the chat and takes no
 * revision, because a hole in the revisions would tell the others.
 */
export interface PrivateRead {
  userId: string;
  chatId: string;
  readSeq: number;
  messageIds: string[];
  at: string;
  /** The connection that asked and has its answer. */
  exceptConnection?: string;
}
