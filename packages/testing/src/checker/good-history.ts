import type { HistoryEntry, NumberedMessage, OperationName, RecordedEntry } from "./history-entry.js";
import type { TrueChat, TrueMessage, Truth } from "./truth.js";

export interface GoodHistory<Entry = HistoryEntry> {
  entries: Entry[];
  truth: Truth;
}

const USERS = ["ann", "ben", "cid", "dee", "eve"];
const CHATS = ["tea", "tram"];
const ROUNDS = 400;
/** Comes back in the middle of the run and catches up. */
const TRAVELLER = "dee";
/** Is added to and taken out of the second chat. */
const GUEST = "eve";
/** Who is on a dialect in a history that has such: one who stays, and the traveller. */
export const DIALECT_USERS: readonly string[] = ["cid", TRAVELLER];

/** A history as a server without a fault makes it, small enough to spoil by hand: one thing happens after the other. */
export function goodHistory(): GoodHistory {
  return makeHistory([]);
}

/** The same with users who speak a dialect, as they record it: numbers instead of places, and nothing of edits. */
export function goodDialectHistory(): GoodHistory<RecordedEntry> {
  const { entries, truth } = makeHistory(DIALECT_USERS);
  return { entries: entries.flatMap(asDialectRecords), truth };
}

function makeHistory(dialectUsers: readonly string[]): GoodHistory {
  const world = new World(dialectUsers);
  for (const chat of CHATS) {
    const members = USERS.filter((user) => chat === "tea" || user !== GUEST);
    for (const user of members) world.membership("join", { chat, user });
  }
  for (const user of USERS) world.connect(user);
  for (let round = 0; round < ROUNDS; round++) {
    if (round === ROUNDS * 0.3) world.membership("join", { chat: "tram", user: GUEST });
    if (round === ROUNDS * 0.4) world.disconnect(TRAVELLER);
    if (round === ROUNDS * 0.5) world.connect(TRAVELLER);
    if (round === ROUNDS * 0.7) world.membership("leave", { chat: "tram", user: GUEST });
    world.step(round);
  }
  return { entries: world.entries, truth: { chats: [...world.chats.values()] } };
}

function asDialectRecords(entry: HistoryEntry): RecordedEntry[] {
  if (!DIALECT_USERS.includes(entry.user)) return [entry];
  if (entry.type === "open") return [{ ...entry, kind: "dialect" }];
  if (entry.type === "recv" && entry.event === "message_updated") return [];
  if (entry.type !== "recv" && entry.type !== "ok") return [entry];
  const shown =
    entry.type === "ok" ? { shown: (entry.shown as TrueMessage[] | undefined)?.map(numbered) } : {};
  return [{ ...entry, message: entry.message && numbered(entry.message as TrueMessage), ...shown }];
}

function numbered({ number, sender, sum }: TrueMessage): NumberedMessage {
  return { number, sender, sum };
}

interface Doing {
  f: OperationName;
  chat: string;
  user: string;
  [fact: string]: unknown;
}

class World {
  readonly entries: HistoryEntry[] = [];
  readonly chats = new Map<string, TrueChat>();
  readonly #connections = new Map<string, string>();
  readonly #revs = new Map<string, number>();
  /** Who has no call for changing messages and reading. */
  readonly #dialectUsers: readonly string[];
  #now = 0;
  #ops = 0;
  #numbers = 0;

  constructor(dialectUsers: readonly string[]) {
    this.#dialectUsers = dialectUsers;
    for (const id of CHATS) this.chats.set(id, { id, lastSeq: 0, messages: [], members: [] });
  }

  /** Everybody speaks in turns; now and then somebody edits, deletes, reads or marks. */
  step(round: number): void {
    const chat = this.#chat(CHATS[round % CHATS.length] ?? "");
    const user = chat.members[round % chat.members.length]?.user ?? "";
    if (!this.#connections.has(user)) return;
    this.#send(chat, user, `${user}-${round}`);
    if (round % 7 === 0) this.#read(chat, user);
    if (this.#dialectUsers.includes(user)) return;
    const own = chat.messages.filter((message) => message.sender === user && message.deleted !== true);
    const [first] = own;
    if (round % 9 === 0 && first) this.#change("edit", { ...first, sum: `again-${round}` }, chat.id);
    if (round % 31 === 0 && first) this.#change("delete", { ...first, sum: "", deleted: true }, chat.id);
    if (round % 5 === 0) this.#mark(chat, user);
  }

  connect(user: string): void {
    const conn = `${user}-${this.#tick()}`;
    this.#connections.set(user, conn);
    this.entries.push({ at: this.#now, user, type: "open", conn });
    for (const chat of this.chats.values()) {
      if (chat.members.some((member) => member.user === user)) this.#catchUp(chat, user);
    }
  }

  disconnect(user: string): void {
    const conn = this.#connections.get(user) ?? "";
    this.#connections.delete(user);
    this.entries.push({ at: this.#tick(), user, type: "close", conn });
  }

  membership(f: "join" | "leave", { chat: id, user }: { chat: string; user: string }): void {
    const chat = this.#chat(id);
    this.#do({ f, chat: id, user: "owner", about: user }, {});
    if (f === "leave") chat.members = chat.members.filter((member) => member.user !== user);
    else chat.members.push({ user, readSeq: chat.lastSeq, unread: 0 });
    if (f === "join" && this.#connections.has(user)) this.#catchUp(chat, user);
  }

  #send(chat: TrueChat, user: string, key: string): void {
    chat.lastSeq++;
    const message: TrueMessage = {
      number: ++this.#numbers,
      id: `id-${key}`,
      seq: chat.lastSeq,
      rev: this.#takeRev(chat.id),
      sender: user,
      key,
      sum: `text of ${key}`,
    };
    chat.messages.push(message);
    const { sum } = message;
    this.#do(
      { f: "send", chat: chat.id, user, key, sum, conn: this.#connections.get(user) },
      { message: { ...message } },
    );
    for (const member of chat.members) {
      if (member.user === user) member.readSeq = chat.lastSeq;
      member.unread = chat.lastSeq - member.readSeq;
    }
    this.#show(chat, message, "new_message");
  }

  #change(f: "edit" | "delete", changed: TrueMessage, id: string): void {
    const chat = this.#chat(id);
    const message = { ...changed, rev: this.#takeRev(id) };
    chat.messages[message.seq - 1] = message;
    const { sender: user, sum } = message;
    const what = f === "edit" ? { sum } : {};
    this.#do({ f, chat: id, user, id: message.id, ...what }, { message: { ...message } });
    this.#show(chat, message, "message_updated");
  }

  #read(chat: TrueChat, user: string): void {
    this.#do(
      { f: "read", chat: chat.id, user, seq: 0 },
      { shown: chat.messages.map((shown) => ({ ...shown })) },
    );
  }

  #mark(chat: TrueChat, user: string): void {
    const member = chat.members.find((candidate) => candidate.user === user);
    if (member === undefined) return;
    member.readSeq = chat.lastSeq;
    member.unread = 0;
    this.#takeRev(chat.id);
    this.#do({ f: "mark", chat: chat.id, user, seq: chat.lastSeq }, { seq: chat.lastSeq });
  }

  #show(chat: TrueChat, message: TrueMessage, event: "new_message" | "message_updated"): void {
    for (const { user } of chat.members) {
      const conn = this.#connections.get(user);
      if (conn === undefined) continue;
      const at = this.#tick();
      this.entries.push({
        at,
        user,
        type: "recv",
        conn,
        via: "live",
        event,
        chat: chat.id,
        message: { ...message },
      });
    }
  }

  #catchUp(chat: TrueChat, user: string): void {
    const conn = this.#connections.get(user) ?? "";
    for (const message of chat.messages) {
      const told = { type: "recv", via: "catch-up", event: "new_message" } as const;
      this.entries.push({ at: this.#tick(), user, conn, chat: chat.id, message: { ...message }, ...told });
    }
  }

  #do({ user, f, chat, ...facts }: Doing, answer: object): void {
    const op = `op-${++this.#ops}`;
    this.entries.push({ at: this.#tick(), user, type: "invoke", op, f, chat, ...facts });
    this.entries.push({ at: this.#tick(), user, type: "ok", op, ...answer });
  }

  #chat(id: string): TrueChat {
    const chat = this.chats.get(id);
    if (chat === undefined) throw new Error(`there is no chat ${id}`);
    return chat;
  }

  #takeRev(chat: string): number {
    const rev = (this.#revs.get(chat) ?? 0) + 1;
    this.#revs.set(chat, rev);
    return rev;
  }

  #tick(): number {
    return ++this.#now;
  }
}
