import { setTimeout as sleep } from "node:timers/promises";
import type { MessageShape } from "@parley/contracts";
import type { Ack } from "../native-client.js";

export interface NativeCatchUpOptions {
  /** Undefined when no answer came. */
  ask(name: string, payload: unknown): Promise<Ack | undefined>;
  connection(): string | undefined;
  note(chat: string, message: MessageShape): void;
  /** Up to here the client knows the chat without a hole. */
  contiguous(chat: string): number;
}

const RETRY_MS = 500;

interface SyncAnswer extends Ack {
  messages: MessageShape[];
  chats: Array<{ id: string; last_seq: number }>;
  cursor: string;
  has_more: boolean;
  reset: boolean;
}

/** Brings a client that was away up to date, with `sync` since its last cursor and the history of chats that are new to it. */
export class NativeCatchUp {
  readonly #options: NativeCatchUpOptions;
  #cursor: string | undefined;
  #running = 0;

  constructor(options: NativeCatchUpOptions) {
    this.#options = options;
  }

  get idle(): boolean {
    return this.#running === 0;
  }

  /** Everything since the last time; tries again for as long as the connection lasts. */
  since(): void {
    this.#run(async (conn) => {
      for (let more = true; more; ) {
        const page = await this.#until<SyncAnswer>(conn, "sync", { cursor: this.#cursor });
        if (page === undefined) return;
        for (const message of page.messages) this.#options.note(message.chat_id, message);
        // A snapshot brings only the newest of each chat. After a reset what is known may have changed, too.
        for (const chat of page.chats) {
          const afterSeq = page.reset ? 0 : this.#options.contiguous(chat.id);
          if (afterSeq < chat.last_seq) await this.#readHistory(conn, { chatId: chat.id, afterSeq });
        }
        this.#cursor = page.cursor;
        more = page.has_more;
      }
    });
  }

  /** All that a chat holds: also what is known may have changed while its user was not in it. */
  history(chat: string): void {
    this.#run((conn) => this.#readHistory(conn, { chatId: chat, afterSeq: 0 }));
  }

  #run(work: (conn: string) => Promise<void>): void {
    const conn = this.#options.connection();
    if (conn === undefined) return;
    this.#running++;
    void work(conn).finally(() => {
      this.#running--;
    });
  }

  async #readHistory(conn: string, from: { chatId: string; afterSeq: number }): Promise<void> {
    const { chatId } = from;
    let { afterSeq } = from;
    for (let more = true; more; ) {
      const page = await this.#until<Ack & { messages: MessageShape[]; hasMore: boolean }>(
        conn,
        "join_chat",
        { chatId, afterSeq },
      );
      for (const message of page?.messages ?? []) this.#options.note(chatId, message);
      afterSeq = page?.messages.at(-1)?.seq ?? afterSeq;
      more = page?.hasMore ?? false;
    }
  }

  /** Undefined when the connection is over or the chat is not mine any more. */
  async #until<Answer extends Ack>(
    conn: string,
    name: string,
    payload: unknown,
  ): Promise<Answer | undefined> {
    while (this.#options.connection() === conn) {
      const ack = await this.#options.ask(name, payload);
      if (ack?.ok) return ack as Answer;
      if (ack?.error?.code === "chat_not_found") return undefined;
      await sleep(RETRY_MS);
    }
    return undefined;
  }
}
