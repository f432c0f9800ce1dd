import { setTimeout as sleep } from "node:timers/promises";
import { type CatchatAnswer, type CatchatMessage, type CatchatRest, PAGE_ROWS } from "./catchat-rest.js";

export interface CatchatHistoryOptions {
  rest: CatchatRest;
  connection(): string | undefined;
  /** How many messages of a group are known. */
  known(group: number): number;
  note(group: number, message: CatchatMessage): void;
}

const RETRY_MS = 500;
/** The group is not mine any more. */
const NOT_FOUND = 404;

/** Reads what a client that has neither cursor nor `sync` missed: all its sessions, and of each as many pages as bring something new. */
export class CatchatHistory {
  readonly #options: CatchatHistoryOptions;
  #running = 0;

  constructor(options: CatchatHistoryOptions) {
    this.#options = options;
  }

  get idle(): boolean {
    return this.#running === 0;
  }

  /** Reads on for as long as the connection lasts. Never rejects. */
  async catchUp(): Promise<void> {
    const conn = this.#options.connection();
    if (conn === undefined) return;
    this.#running++;
    for (const group of await this.#groups(conn)) await this.#readNews(conn, group);
    this.#running--;
  }

  /** All that a group holds; undefined when a page was not answered. */
  async all(group: number): Promise<CatchatMessage[] | undefined> {
    const messages = new Map<number, CatchatMessage>();
    for (let page = 1; ; page++) {
      const { data } = await this.#options.rest.messages(group, page);
      if (data === undefined) return undefined;
      for (const message of data.list) messages.set(message.id, message);
      if (data.list.length < PAGE_ROWS) return [...messages.values()];
    }
  }

  async #groups(conn: string): Promise<number[]> {
    const groups: number[] = [];
    for (let page = 1; ; page++) {
      const sessions = await this.#until(conn, () => this.#options.rest.sessions(page));
      groups.push(...(sessions?.list ?? []).map(({ sessionId }) => Number(sessionId)));
      if (sessions === undefined || sessions.list.length < PAGE_ROWS) return groups;
    }
  }

  /** What is said meanwhile moves the pages on, so that some of it comes twice, and none of it not at all. */
  async #readNews(conn: string, group: number): Promise<void> {
    for (let page = 1; ; page++) {
      const messages = await this.#until(conn, () => this.#options.rest.messages(group, page));
      if (messages === undefined) return;
      for (const message of messages.list) this.#options.note(group, message);
      if (messages.list.length < PAGE_ROWS || this.#options.known(group) >= messages.total) return;
    }
  }

  /** Undefined when the connection is over or the group is not mine any more. */
  async #until<Data>(conn: string, ask: () => Promise<CatchatAnswer<Data>>): Promise<Data | undefined> {
    while (this.#options.connection() === conn) {
      const { status, data } = await ask();
      if (data !== undefined) return data;
      if (status === NOT_FOUND) return undefined;
      await sleep(RETRY_MS);
    }
    return undefined;
  }
}
