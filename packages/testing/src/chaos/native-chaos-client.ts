import type { MessageShape } from "@parley/contracts";
import { io, type Socket } from "socket.io-client";
import { REVOKED, STALLED } from "../checker/history-index.js";
import type { Ack } from "../native-client.js";
import type { Attempt, ChaosClient, ChaosClientOptions, Sending } from "./chaos-client.js";
import { ClientView } from "./client-view.js";
import { NativeCatchUp } from "./native-catch-up.js";
import { shownOf } from "./shown-of.js";

const ACK_TIMEOUT_MS = 10_000;
const COME_BACK_MS = 300;
const RECONNECT = { delay: 100, delayMax: 1_000, jitter: 0.5 };
/** Refusals after which nobody knows what was done. */
const UNCERTAIN = new Set(["database_unavailable", "internal"]);

/** Speaks the native contract as a careful client does: a cursor for what it missed, and the same client id for a retry. */
export class NativeChaosClient implements ChaosClient {
  readonly userId: string;
  readonly view = new ClientView();
  readonly #options: ChaosClientOptions;
  readonly #socket: Socket;
  readonly #catchUp: NativeCatchUp;
  #token: string;
  #refused = false;
  #connections = 0;
  #messages = 0;
  #connection: string | undefined;
  #stopped = false;

  constructor(options: ChaosClientOptions) {
    this.#options = options;
    this.userId = options.userId;
    this.#token = options.token;
    this.#socket = io(`${options.url}/chat`, {
      auth: (answer) => answer({ token: this.#token }),
      transports: ["websocket"],
      autoConnect: false,
      forceNew: true,
      reconnectionDelay: RECONNECT.delay,
      reconnectionDelayMax: RECONNECT.delayMax,
      timeout: 5_000,
    });
    this.#catchUp = new NativeCatchUp({
      ask: (name, payload) => this.#ask(name, payload),
      connection: () => this.#connection,
      note: (chat, message) => this.#note({ chat, message, event: "new_message", via: "catch-up" }),
      contiguous: (chat) => this.view.contiguous(chat),
    });
    this.#listen();
  }

  get connection(): string | undefined {
    return this.#connection;
  }

  get token(): string {
    return this.#token;
  }

  get refused(): boolean {
    return this.#refused;
  }

  get settled(): boolean {
    return this.#connection !== undefined && this.#catchUp.idle;
  }

  start(): void {
    this.#socket.connect();
  }

  send(chat: string, { key, text }: { key?: string | undefined; text: string }): Sending {
    const clientId = key ?? `${this.userId}-${++this.#messages}`;
    const message = { content: text, client_id: clientId };
    return { key: clientId, done: this.#attempt("send_message", { chatId: chat, message }) };
  }

  edit(chat: string, { id, text }: { id: string; text: string }): Promise<Attempt> {
    return this.#attempt("edit_message", { chatId: chat, messageId: id, content: text });
  }

  remove(chat: string, id: string): Promise<Attempt> {
    return this.#attempt("delete_message", { chatId: chat, messageId: id });
  }

  mark(chat: string, { id }: { id: string; seq: number }): Promise<Attempt> {
    return this.#attempt("mark_messages_read", { chatId: chat, messageIds: [id] });
  }

  /** Its view is what it was told. */
  async refresh(): Promise<void> {}

  stall(forMs: number): void {
    const wire = this.#wire();
    const conn = this.#connection;
    if (conn === undefined) return;
    const { recorder } = this.#options;
    recorder.record({ type: "away", user: this.userId, conn, why: STALLED });
    wire?.pause();
    setTimeout(() => {
      wire?.resume();
      recorder.record({ type: "back", user: this.userId, conn });
    }, forMs).unref();
  }

  renew(token: string): void {
    this.#token = token;
    this.#refused = false;
    this.#socket.disconnect().connect();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#socket.disconnect();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("connected", () => this.#opened());
    socket.on("disconnect", (reason) => this.#closed(reason));
    // A refused handshake is an answer, after which Socket.IO does not try again by itself.
    socket.on("connect_error", (error: Error & { data?: { code?: string } }) => {
      if (error.data?.code?.startsWith("token_")) this.#refused = true;
      if (!socket.active) this.#comeBack();
    });
    socket.on("connection_ending", ({ reconnect }: { reconnect: boolean }) => {
      this.#refused = !reconnect;
    });
    socket.on("server_draining", (told: { retryAfterMs: number }) => this.#comeBackAfter(told.retryAfterMs));
    socket.io.on("reconnect_attempt", () => this.#pace(RECONNECT));
    socket.on("new_message", (message: MessageShape) =>
      this.#note({ chat: message.chat_id, message, event: "new_message", via: "live" }),
    );
    socket.on("message_updated", ({ chatId, message }: { chatId: string; message: MessageShape }) =>
      this.#note({ chat: chatId, message, event: "message_updated", via: "live" }),
    );
    for (const event of ["member_added", "member_removed"] as const) {
      socket.on(event, (told: { chatId: string; userId: string }) => this.#membership(event, told));
    }
  }

  #opened(): void {
    this.#connection = `${this.userId}#${++this.#connections}`;
    this.#options.recorder.record({
      type: "open",
      user: this.userId,
      conn: this.#connection,
      kind: "native",
    });
    this.#catchUp.since();
  }

  #closed(why: string): void {
    const conn = this.#connection;
    this.#connection = undefined;
    if (this.#stopped) return;
    if (this.#refused) this.#socket.disconnect();
    if (conn !== undefined) {
      const ended = this.#refused ? REVOKED : why;
      this.#options.recorder.record({ type: "close", user: this.userId, conn, why: ended });
    }
    if (!this.#socket.active) this.#comeBack();
  }

  #comeBack(): void {
    setTimeout(() => {
      if (!this.#stopped && !this.#refused && !this.#socket.active) this.#socket.connect();
    }, COME_BACK_MS);
  }

  /** A draining node gives each client a time of its own, so that they do not come back as one wave. */
  #comeBackAfter(ms: number): void {
    this.#pace({ delay: ms, delayMax: ms, jitter: 0 });
  }

  #pace({ delay, delayMax, jitter }: typeof RECONNECT): void {
    const { io: manager } = this.#socket;
    manager.reconnectionDelay(delay);
    manager.reconnectionDelayMax(delayMax);
    manager.randomizationFactor(jitter);
  }

  #note(told: {
    chat: string;
    message: MessageShape;
    event: "new_message" | "message_updated";
    via: "live" | "catch-up";
  }): void {
    const message = shownOf(told.message);
    this.view.note(told.chat, message);
    const { chat, event, via } = told;
    const conn = this.#connection ?? `${this.userId}#none`;
    this.#options.recorder.record({ type: "recv", user: this.userId, conn, via, event, chat, message });
  }

  #membership(event: "member_added" | "member_removed", told: { chatId: string; userId: string }): void {
    const { chatId: chat, userId: about } = told;
    const conn = this.#connection ?? `${this.userId}#none`;
    this.#options.recorder.record({ type: "recv", user: this.userId, conn, via: "live", event, chat, about });
    // What was said before I came is read, not announced.
    if (event === "member_added" && about === this.userId) this.#catchUp.history(chat);
  }

  async #attempt(name: string, payload: unknown): Promise<Attempt> {
    const ack = await this.#ask(name, payload);
    if (ack === undefined) return { type: "info" };
    if (!ack.ok) {
      const { code = "unknown", retry_after_ms: retryAfterMs } = ack.error ?? {};
      const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
      return { type: UNCERTAIN.has(code) ? "info" : "fail", code, ...wait };
    }
    const { message, readSeq } = ack as Ack & { readSeq?: number };
    return {
      type: "ok",
      ...(message === undefined ? {} : { message: shownOf(message) }),
      ...(readSeq === undefined ? {} : { seq: readSeq }),
    };
  }

  /** Undefined when no answer came. */
  async #ask(name: string, payload: unknown): Promise<Ack | undefined> {
    if (!this.#socket.connected) return undefined;
    try {
      return (await this.#socket.timeout(ACK_TIMEOUT_MS).emitWithAck(name, payload)) as Ack;
    } catch {
      return undefined;
    }
  }

  /** The WebSocket below Engine.IO, which its types keep to themselves. */
  #wire(): { pause(): void; resume(): void } | undefined {
    const { transport } = (this.#socket.io.engine ?? {}) as unknown as {
      transport?: { ws?: { pause(): void; resume(): void } };
    };
    return transport?.ws;
  }
}
