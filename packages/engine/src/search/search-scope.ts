export interface SearchFilter {
  /** Only of this person. */
  from?: string | undefined;
  before?: Date | undefined;
  /** Or at that time. */
  after?: Date | undefined;
}

/** A chat that is searched. */
export interface SearchedChat {
  id: string;
  number: number;
  lastSeq: number;
  /** Some of its messages are in the archive. */
  isArchived: boolean;
}

/** A part of a chat in which something may match. */
export interface SearchPart {
  chatId: string;
  firstSeq: number;
  lastSeq: number;
  /** The number of its newest message: nothing in it is newer. */
  newest: number;
}
