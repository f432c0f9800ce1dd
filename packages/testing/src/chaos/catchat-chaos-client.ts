import { DISCONNECT_REASONS } from "@parley/contracts";
import { WebSocket } from "ws";
import type { NumberedMessage } from "../checker/history-entry.js";
import { REVOKED, STALLED } from "../checker/history-index.js";
import { attemptOf, type ErrorFrame, refusalOf } from "./catchat-attempt.js";
import { CatchatHistory } from "./catchat-history.js";
import { type CatchatMessage, catchatRest, TEXT, TO_GROUP } from "./catchat-rest.js";
import type { Attempt, ChaosClient, ChaosClientOptions, ReadPage, Sending } from "./chaos-client.js";
import { type ChatState, ClientView } from "./client-view.js";
import { numberedOf } from "./numbered-of.js";

const ACK_MS = 10_000;
const COME_BACK = { leastMs: 100, mostMs: 1_000 };
const UNAUTHENTICATED = 401;
/**
 * Speaks CatChat as its own client does: JSON over a raw WebSocket, where the echo is the acknowledgement. It has neither cursor nor `sync`.
 * What it missed while it was away it reads in the history; while it is connected it asks for nothing.
 */
export class CatchatChaosClient implements ChaosClient {
  readonly userId: string;
  readonly view = new ClientView();
  readonly #options: ChaosClientOptions;
  readonly #ackMs: number;
  readonly #groups: ReadonlyMap<string, number>;
  readonly #chats: ReadonlyMap<number, string>;
  readonly #rest;
  readonly #history: CatchatHistory;
  /** Sends over the socket that wait for their echo, by client id. */
  readonly #waiting = new Map<string, (attempt: Attempt) => void>();
  /** Of this connection: what it was shown, and which sends may still be answered although nobody waits any more. */
  #shown = new Set<number>();
  #late = new Set<string>();
  #token: string;
  #socket: WebSocket | undefined;
  #comingBack: NodeJS.Timeout | undefined;
  #connection: string | undefined;
  #connections = 0;
  #messages = 0;
  #refused = false;
  #stopped = false;

  /** @param ackMs How long an echo may take before the send is tried again. */
  constructor(options: ChaosClientOptions, ackMs = ACK_MS) {
    this.#options = options;
    this.#ackMs = ackMs;
    this.userId = options.userId;
    this.#token = options.token;
    this.#groups = new Map(options.chats.map(({ id, number }) => [id, number]));
    this.#chats = new Map(options.chats.map(({ id, number }) => [number, id]));
    this.#rest = catchatRest({ ...options, token: () => this.#token });
    this.#history = new CatchatHistory({
      rest: this.#rest,
      connection: () => this.#connection,
      known: (group) => this.view.count(this.#chatOf(group)),
      note: (group, message) => this.#noteUnknown(this.#chatOf(group), numberedOf(message)),
    });
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
    return this.#connection !== undefined && this.#history.idle;
  }

  start(): void {
    clearTimeout(this.#comingBack);
    const url = `${this.#options.url.replace(/^http/, "ws")}/ws/catchat?token=${this.#token}`;
    const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: 5_000 });
    this.#socket = socket;
    // The first word that comes, at the latest the answer to this, shows that it is part of the live audience.
    socket.on("open", () => socket.send(JSON.stringify({ type: "heartbeat" })));
    socket.on("message", (data) => this.#heard(JSON.parse(String(data))));
    socket.on("unexpected-response", (_request, { statusCode }) => {
      this.#refused = statusCode === UNAUTHENTICATED;
      socket.terminate();
    });
    // The close that follows says the rest.
    socket.on("error", () => undefined);
    socket.on("close", (code) => this.#closed(code));
  }

  /** A retry goes over REST: on the socket its answer could not be told from the message's event. */
  send(chat: string, { key, text }: { key?: string | undefined; text: string }): Sending {
    const clientId = key ?? `${this.userId}-${++this.#messages}`;
    const to = String(this.#groups.get(chat));
    const kind = { contentType: TEXT, messageType: TO_GROUP };
    const draft = { from: this.userId, to, content: text, ...kind, clientId };
    if (key === undefined) return { key: clientId, done: this.#say(clientId, draft) };
    return { key, done: this.#rest.send(draft).then((answer) => attemptOf(answer, key)) };
  }

  /** The whole history: its pages are counted from the newest message and can't begin after one. */
  async read(chat: string): Promise<ReadPage | undefined> {
    const messages = await this.#history.all(this.#groups.get(chat) ?? 0);
    return messages && { shown: messages.map(numberedOf) };
  }

  /** What an application would show that opens every session; it asks only where that can bring something. */
  async refresh(mine: readonly ChatState[]): Promise<void> {
    if (mine.some((state) => this.view.lacks(state) > 0)) await this.#history.catchUp();
  }

  stall(forMs: number): void {
    const socket = this.#socket;
    const conn = this.#connection;
    if (socket === undefined || conn === undefined) return;
    const { recorder } = this.#options;
    recorder.record({ type: "away", user: this.userId, conn, why: STALLED });
    socket.pause();
    setTimeout(() => {
      socket.resume();
      recorder.record({ type: "back", user: this.userId, conn });
    }, forMs).unref();
  }

  renew(token: string): void {
    this.#token = token;
    this.#refused = false;
    if (this.#socket === undefined) this.start();
    else this.#socket.close();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#comingBack);
    this.#connection = undefined;
    this.#socket?.terminate();
  }

  #heard(frame: CatchatMessage | ErrorFrame | { type: "heartbeat" }): void {
    if (this.#stopped) return;
    if (this.#connection === undefined) this.#opened();
    if (!("type" in frame)) this.#told(frame);
    else if (frame.type === "error") this.#answered(frame.clientId, refusalOf(frame));
  }

  #opened(): void {
    const user = this.userId;
    this.#connection = `${user}#${++this.#connections}`;
    this.#shown = new Set();
    this.#late = new Set();
    this.#options.recorder.record({ type: "open", user, conn: this.#connection, kind: "dialect" });
    void this.#history.catchUp();
  }

  #closed(code: number): void {
    const conn = this.#connection;
    this.#connection = undefined;
    this.#socket = undefined;
    for (const clientId of this.#waiting.keys()) this.#answered(clientId, { type: "info" });
    if (this.#stopped) return;
    const reason = Object.values(DISCONNECT_REASONS).find((known) => known.code === code);
    this.#refused ||= reason?.reconnect === "no";
    if (conn !== undefined) {
      const why = this.#refused ? REVOKED : (reason?.message ?? String(code));
      this.#options.recorder.record({ type: "close", user: this.userId, conn, why });
    }
    const { leastMs, mostMs } = COME_BACK;
    const waitMs = leastMs + Math.random() * (mostMs - leastMs);
    if (!this.#refused) this.#comingBack = setTimeout(() => this.start(), waitMs);
  }

  #told(told: CatchatMessage): void {
    const message = numberedOf(told);
    const { number, key } = message;
    // The answer to a send of which others were told meanwhile, because it was tried again: no event.
    if (this.#shown.has(number) && key !== undefined && this.#late.delete(key)) return;
    this.#shown.add(number);
    const chat = told.messageType === TO_GROUP ? this.#chatOf(Number(told.to)) : `with ${told.to}`;
    this.#note("live", chat, message);
    this.#answered(key, { type: "ok", message });
  }

  #answered(clientId: string | undefined, attempt: Attempt): void {
    const resolve = this.#waiting.get(clientId ?? "");
    this.#waiting.delete(clientId ?? "");
    resolve?.(attempt);
  }

  #say(clientId: string, draft: object): Promise<Attempt> {
    const socket = this.#socket;
    if (socket === undefined || this.#connection === undefined) return Promise.resolve({ type: "info" });
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        this.#late.add(clientId);
        this.#answered(clientId, { type: "info" });
      }, this.#ackMs);
      this.#waiting.set(clientId, (attempt) => {
        clearTimeout(late);
        resolve(attempt);
      });
      socket.send(JSON.stringify(draft));
    });
  }

  #noteUnknown(chat: string, message: NumberedMessage): void {
    if (!this.#stopped && !this.view.knows(chat, message)) this.#note("catch-up", chat, message);
  }

  #note(via: "live" | "catch-up", chat: string, message: NumberedMessage): void {
    this.view.note(chat, message);
    const conn = this.#connection ?? `${this.userId}#none`;
    const { recorder } = this.#options;
    recorder.record({ type: "recv", user: this.userId, conn, via, event: "new_message", chat, message });
  }

  /** One that the run did not open is none of a member's. */
  #chatOf(group: number): string {
    return this.#chats.get(group) ?? `group ${group}`;
  }
}
