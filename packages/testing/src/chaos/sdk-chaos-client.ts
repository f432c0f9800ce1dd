import { createClient, memoryStore, type ParleyClient, ParleyRefusal } from "@parley/client";
import type { MessageShape } from "@parley/contracts";
import { REVOKED, STALLED } from "../checker/history-index.js";
import type { Attempt, ChaosClient, ChaosClientOptions, Sending } from "./chaos-client.js";
import { ClientView } from "./client-view.js";
import { onPort } from "./on-port.js";
import { shownOf } from "./shown-of.js";

/** Refusals after which nobody knows what was done. */
const UNCERTAIN = new Set(["database_unavailable", "internal", "connection_lost", "timed_out", "closed"]);
const NO_ANSWER = new Set(["connection_lost", "timed_out", "closed"]);

/**
 * An application on the client SDK. For the checker its whole life is one connection, however many the SDK makes: nothing may be told
 * twice, out of order or not at all, across all of them.
 */
export class SdkChaosClient implements ChaosClient {
  readonly userId: string;
  readonly view = new ClientView();
  readonly #options: ChaosClientOptions;
  readonly #conn: string;
  #client: ParleyClient | undefined;
  #token: string;
  #opened = false;
  #caughtUp = false;
  #stalled = false;

  constructor(options: ChaosClientOptions) {
    this.#options = options;
    this.userId = options.userId;
    this.#conn = `${options.userId}#sdk`;
    this.#token = options.token;
  }

  get token(): string {
    return this.#token;
  }

  /** Something can be asked for at any time: the SDK keeps it until it can be done. */
  get connection(): string | undefined {
    return this.#opened ? this.#conn : undefined;
  }

  get settled(): boolean {
    return this.#caughtUp;
  }

  get refused(): boolean {
    return this.#client?.status === "refused";
  }

  start(): void {
    const { wire, userId } = this.#options;
    const url = wire === undefined ? this.#options.url : onPort(this.#options.url, wire.port);
    const client = createClient({ url, userId, token: () => this.#token, store: memoryStore() });
    this.#client = client;
    client.on("caught_up", () => this.#back());
    client.on("status", ({ status, why }) => {
      if (status !== "live") this.#away(status === "refused" ? REVOKED : (why?.message ?? status));
    });
    client.on("message_failed", ({ chatId, clientId, why }) => this.#failed(chatId, clientId, why.code));
    client.on("message", (told) => this.#note({ ...told, event: "new_message", via: "live" }));
    client.on("message_updated", (told) => this.#note({ ...told, event: "message_updated", via: "live" }));
  }

  send(chat: string, { text }: { key?: string | undefined; text: string }): Sending {
    const { clientId: key, stored } = this.#running.send(chat, text);
    const told = stored();
    told.catch((error: unknown) => {
      if (error instanceof ParleyRefusal && error.code !== "closed") this.#failed(chat, key, error.code);
    });
    return { key, done: this.#attempt(told) };
  }

  edit(chat: string, { id, text }: { id: string; text: string }): Promise<Attempt> {
    return this.#attempt(this.#running.edit(chat, id, text));
  }

  remove(chat: string, id: string): Promise<Attempt> {
    return this.#attempt(this.#running.delete(chat, id));
  }

  /** The SDK tells the server when it sees fit, and nobody when it has. */
  async mark(chat: string, { seq }: { id: string; seq: number }): Promise<Attempt> {
    this.#running.markRead(chat, seq);
    return { type: "info" };
  }

  /** What an application would show after scrolling to the beginning. */
  async refresh(): Promise<void> {
    for (const { id: chat } of this.#running.chats()) {
      while (await this.#running.loadOlder(chat));
      for (const { status, message, key, why } of this.#running.timeline(chat)) {
        if (status === "failed") this.#failed(chat, key, why?.code ?? "");
        if (status !== "stored" || this.view.knows(chat, shownOf(message))) continue;
        this.#note({ chatId: chat, message, event: "new_message", via: "catch-up" });
      }
    }
  }

  renew(token: string): void {
    this.#token = token;
    this.#running.connect();
  }

  stall(forMs: number): void {
    const { wire, recorder } = this.#options;
    if (wire === undefined) throw new Error(`${this.userId} has no wire of its own`);
    recorder.record({ type: "away", user: this.userId, conn: this.#conn, why: STALLED });
    wire.stall();
    this.#stalled = true;
    setTimeout(() => {
      wire.join();
      this.#stalled = false;
      // When the connection did not survive it, the SDK is still to come back, and says so.
      if (this.#caughtUp) recorder.record({ type: "back", user: this.userId, conn: this.#conn });
    }, forMs).unref();
  }

  async stop(): Promise<void> {
    await this.#client?.close();
    await this.#options.wire?.stop();
    this.#client = undefined;
  }

  get #running(): ParleyClient {
    if (this.#client === undefined) throw new Error("the client has not been started");
    return this.#client;
  }

  #back(): void {
    const { recorder } = this.#options;
    const who = { user: this.userId, conn: this.#conn };
    if (!this.#opened) recorder.record({ type: "open", ...who, kind: "sdk" });
    else if (!this.#caughtUp) recorder.record({ type: "back", ...who });
    this.#opened = true;
    this.#caughtUp = true;
  }

  #away(why: string): void {
    if (this.#caughtUp && this.#client !== undefined) {
      const reason = this.#stalled ? STALLED : why;
      this.#options.recorder.record({ type: "away", user: this.userId, conn: this.#conn, why: reason });
    }
    this.#caughtUp = false;
  }

  /** Whichever way its user learns of it. */
  #failed(chat: string, key: string, code: string): void {
    const { recorder } = this.#options;
    recorder.record({ type: "failed", user: this.userId, conn: this.#conn, chat, key, code });
  }

  #note(told: {
    chatId: string;
    message: MessageShape;
    event: "new_message" | "message_updated";
    via: "live" | "catch-up";
  }): void {
    const message = shownOf(told.message);
    const { chatId: chat, event, via } = told;
    this.view.note(chat, message);
    const { recorder } = this.#options;
    recorder.record({ type: "recv", user: this.userId, conn: this.#conn, via, event, chat, message });
  }

  async #attempt(asked: Promise<MessageShape>): Promise<Attempt> {
    try {
      return { type: "ok", message: shownOf(await asked) };
    } catch (error) {
      if (!(error instanceof ParleyRefusal)) throw error;
      const { code, retryAfterMs } = error;
      return {
        type: UNCERTAIN.has(code) ? "info" : "fail",
        ...(NO_ANSWER.has(code) ? {} : { code }),
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      };
    }
  }
}
