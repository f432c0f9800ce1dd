/** A client's share in a store that several clients (tabs) may use at once. */
export interface StoreMember {
  /**
   * From here on this client sends for all that share the store. `alone`: nobody else does, and nobody will until it leaves.
   * Called at most once.
   */
  lead(alone: boolean): void;
  /** What another client told. */
  hear(note: unknown): void;
}

export interface StoreMembership {
  /** Tells the other clients. */
  tell(note: unknown): void;
  leave(): void;
}

/** Where a client keeps its outbox and what it knows of the chats. Values are plain data (structured clone). */
export interface Store {
  /** Everything that is kept. */
  load(): Promise<Array<[key: string, value: unknown]>>;
  /** Keeps values by key, all or none of them; `undefined` removes. */
  save(changes: ReadonlyArray<readonly [key: string, value: unknown]>): Promise<void>;
  /** Left out where only one client can ever use the store. */
  join?(member: StoreMember): StoreMembership;
  /** Called when the client closes. */
  close?(): void;
}
