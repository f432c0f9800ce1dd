import { setTimeout as sleep } from "node:timers/promises";
import type { Invocation } from "../checker/history-entry.js";
import type { Attempt, ChaosClient } from "./chaos-client.js";
import type { ChatRoll } from "./chat-roll.js";
import type { PlannedChat } from "./load-protocol.js";
import type { Random } from "./random.js";
import { readMessages } from "./read-messages.js";
import type { Recorder } from "./recorder.js";
import { digest } from "./shown-of.js";

export interface UserTrafficOptions {
  url: string;
  client: ChaosClient;
  recorder: Recorder;
  roll: ChatRoll;
  random: Random;
  /** Mean time between two things that the user does. */
  pauseMs: number;
}

/** Sends under way at a time; an application would not let its user write more either. */
const PENDING_LIMIT = 10;
const RETRY_MS = 300;
/** Messages that a read looks back. */
const READ_BACK = 20;
/** After these the same request can't succeed. */
const FINAL = new Set(["chat_not_found", "forbidden", "message_not_found", "message_deleted", "chat_closed"]);

type Unnamed = Omit<Invocation, "at" | "type" | "op" | "user">;

/** What one user does: mostly sends, now and then edits, deletes, reads and marks. Sends are tried until they are answered. */
export class UserTraffic {
  readonly #options: UserTrafficOptions;
  #working = false;
  #messages = 0;
  #pending = 0;

  constructor(options: UserTrafficOptions) {
    this.#options = options;
  }

  get userId(): string {
    return this.#options.client.userId;
  }

  get token(): string {
    return this.#options.client.token;
  }

  get pending(): number {
    return this.#pending;
  }

  begin(): void {
    this.#working = true;
    void this.#live();
  }

  rest(): void {
    this.#working = false;
  }

  /** Sends one message and goes on trying until it is answered for good; nothing, when too much is under way. */
  async say({ id: chat, textLength }: Pick<PlannedChat, "id" | "textLength">): Promise<void> {
    if (this.#pending >= PENDING_LIMIT) return;
    const text = `${this.userId} says ${++this.#messages} `.padEnd(textLength, "語り物語 ");
    this.#pending++;
    await this.#deliver(chat, text).finally(() => {
      this.#pending--;
    });
  }

  async #live(): Promise<void> {
    const { random, pauseMs } = this.#options;
    while (this.#working) {
      // Exponential pauses, as of people who don't know of each other.
      await sleep(Math.min(-Math.log(1 - random.next()) * pauseMs, pauseMs * 5));
      if (this.#working) this.#act();
    }
  }

  #act(): void {
    const { random, roll } = this.#options;
    const chat = roll.choose(this.userId, random);
    const choice = random.next();
    if (chat === undefined) return;
    if (choice < 0.82) {
      void this.say(chat);
    } else if (choice < 0.88) void this.#change("edit", chat.id);
    else if (choice < 0.9) void this.#change("delete", chat.id);
    else if (choice < 0.95) void this.#read(chat.id);
    else void this.#mark(chat.id);
  }

  async #deliver(chat: string, text: string): Promise<void> {
    const { client } = this.#options;
    for (let earlier: string | undefined; ; ) {
      const conn = await this.#connection();
      const { key, done } = client.send(chat, { key: earlier, text });
      earlier = key;
      const attempt = await this.#record({ f: "send", chat, key, conn, sum: digest(text) }, done);
      if (attempt.type === "ok" || (attempt.type === "fail" && FINAL.has(attempt.code ?? ""))) return;
      await sleep(attempt.retryAfterMs ?? RETRY_MS);
    }
  }

  async #connection(): Promise<string> {
    const { client } = this.#options;
    while (client.connection === undefined) await sleep(20);
    return client.connection;
  }

  async #change(f: "edit" | "delete", chat: string): Promise<void> {
    const { client, random } = this.#options;
    const own = client.view.own(chat, this.userId).filter((message) => message.deleted !== true);
    const message = random.pick(own.slice(-5));
    const conn = client.connection;
    if (message === undefined || conn === undefined) return;
    const { id } = message;
    const text = `${id} again ${++this.#messages}`;
    const what = f === "delete" ? { f, chat, id, conn } : { f, chat, id, conn, sum: digest(text) };
    const running = f === "delete" ? client.remove?.(chat, id) : client.edit?.(chat, { id, text });
    if (running !== undefined) await this.#record(what, running);
  }

  async #mark(chat: string): Promise<void> {
    const { client } = this.#options;
    const newest = client.view.newest(chat);
    if (newest === undefined || client.connection === undefined) return;
    const { id, seq } = newest;
    const running = client.mark?.(chat, { id, seq });
    if (running !== undefined) await this.#record({ f: "mark", chat, seq, conn: client.connection }, running);
  }

  async #read(chat: string): Promise<void> {
    const { url, recorder, client } = this.#options;
    const { token } = client;
    const seq = Math.max(0, client.view.contiguous(chat) - READ_BACK);
    const op = recorder.operation();
    const user = this.userId;
    recorder.record({ type: "invoke", user, op, f: "read", chat, seq });
    const page = await (client.read?.(chat) ?? readMessages({ url, token, chat }, seq));
    if (page === undefined) recorder.record({ type: "info", user, op });
    else recorder.record({ type: "ok", user, op, ...page });
  }

  /** Called in the moment in which something has been begun, before it can have left the process. */
  async #record(asked: Unnamed, running: Promise<Attempt>): Promise<Attempt> {
    const { recorder } = this.#options;
    const op = recorder.operation();
    const user = this.userId;
    recorder.record({ type: "invoke", user, op, ...asked });
    const attempt = await running;
    const { retryAfterMs: _wait, ...outcome } = attempt as Attempt & { retryAfterMs?: number };
    recorder.record({ user, op, ...outcome });
    return attempt;
  }
}
