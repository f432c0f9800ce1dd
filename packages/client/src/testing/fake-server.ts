import type { MessageShape } from "@parley/contracts";
import type { Dial, Heard, LinkHooks } from "../connection/link.js";
import { ParleyRefusal, type RefusalFacts } from "../refusal.js";
import type { RestClient } from "../wire/rest-client.js";
import { type FakeChange, type FakeChat, fakeSync } from "./fake-sync.js";

interface FakeLink {
  userId: string;
  hooks: LinkHooks;
  open: boolean;
}

interface Input {
  cursor?: string;
  chatId?: string;
  messageId?: string;
  messageIds?: string[];
  seq?: number;
  content?: string;
  afterSeq?: number;
  message?: { content: string; client_id: string };
}

/** A server that fits in a test: stores, tells, syncs, and fails when it is told to. */
export class FakeServer {
  readonly chats = new Map<string, FakeChat>();
  readonly links: FakeLink[] = [];
  /** Every command, in the order of arrival. */
  readonly asked: Array<{ name: string; input: Record<string, unknown> }> = [];
  /** Tokens of the attempts to connect. */
  readonly dialled: string[] = [];
  /** What the next attempts to connect are refused with. */
  dialRefusals: RefusalFacts[] = [];
  /** What the next commands of a name are answered with, instead of being done. */
  readonly refusals = new Map<string, RefusalFacts[]>();
  /** Commands that are done, but whose answer gets lost with the connection. */
  readonly loseAnswers = new Set<string>();
  /** Commands from after this server's time. */
  readonly unknown = new Set<string>();
  /** Whose reading nobody else is told of. */
  readonly privateReaders = new Set<string>();
  /** Chats too large to keep delivered positions. */
  readonly largeChats = new Set<string>();
  /** Live events that do not arrive. */
  deaf = false;
  page = 200;
  /** Whether it tells after which message members came. */
  joinedSeq = true;
  /** What the next reading of history answers. */
  history: { messages: MessageShape[]; hasMore: boolean } | undefined;
  #log: FakeChange[] = [];
  #reset = false;
  #snapshotEnd = 0;
  #now = Date.parse("2031-01-01T00:00:00.000Z");

  readonly dial: Dial = (token, hooks) => {
    this.dialled.push(token);
    const link: FakeLink = { userId: token.split(" ")[0] ?? "", hooks, open: false };
    this.links.push(link);
    setImmediate(() => {
      const refusal = this.dialRefusals.shift();
      if (refusal !== undefined) return hooks.lost(new ParleyRefusal(refusal));
      link.open = true;
      hooks.opened(link.userId);
    });
    return {
      ask: (name, input) => this.#answer(link, name, input as Input) as never,
      close: () => {
        link.open = false;
      },
    };
  };

  readonly rest: RestClient = {
    request: (async (route: string, input: { params: { id: string }; query: Record<string, number> }) => {
      this.asked.push({ name: route, input: input.query });
      this.#refuse(route);
      const prepared = this.history;
      this.history = undefined;
      if (prepared !== undefined) return prepared;
      const { after_seq: after, before_seq: before, limit = 50 } = input.query;
      const all = this.#chat(input.params.id).messages;
      const messages =
        after === undefined
          ? all.filter((message) => message.seq < (before ?? Infinity)).slice(-limit)
          : all.filter((message) => message.seq > after).slice(0, limit);
      return { messages, hasMore: (messages[0]?.seq ?? 1) > 1, total: all.length };
    }) as never,
    postFile: () => Promise.reject(new ParleyRefusal({ code: "files_unavailable", message: "none" })),
    close: () => undefined,
  };

  open(id: string, ...members: string[]): string {
    const createdAt = this.#time();
    const empty = { joined: new Map(), reads: new Map(), delivered: new Map() };
    this.chats.set(id, { id, rev: 0, createdAt, messages: [], members: [], ...empty });
    for (const userId of members) this.add(id, userId, createdAt);
    return id;
  }

  /** Lets somebody in. */
  add(chatId: string, userId: string, at = this.#time()): void {
    const chat = this.#chat(chatId);
    const seq = chat.messages.length;
    chat.members.push(userId);
    chat.joined.set(userId, { seq, at });
    for (const positions of [chat.reads, chat.delivered]) positions.set(userId, seq);
    this.#log.push({ chatId, joined: userId });
    this.#tell(chatId, { name: "member_added", payload: { chatId, userId, rev: ++chat.rev } });
  }

  /** Sends somebody away. */
  remove(chatId: string, userId: string): void {
    const chat = this.#chat(chatId);
    this.#log.push({ chatId, left: userId });
    this.#tell(chatId, { name: "member_removed", payload: { chatId, userId, rev: ++chat.rev } });
    chat.members.splice(chat.members.indexOf(userId), 1);
  }

  /** Somebody writes; everyone who is connected hears it. */
  say(chatId: string, from: string, content: string): MessageShape {
    return this.#store(chatId, from, { content });
  }

  #store(chatId: string, from: string, draft: { content: string; client_id?: string }): MessageShape {
    const { content, client_id: clientId } = draft;
    const chat = this.#chat(chatId);
    const twin = chat.messages.find((one) => one.sender_id === from && one.client_id === clientId);
    if (clientId !== undefined && twin !== undefined) return twin;
    const seq = chat.messages.length + 1;
    const message: MessageShape = {
      id: `${chatId}-${seq}`,
      chat_id: chatId,
      seq,
      rev: ++chat.rev,
      sender_id: from,
      sender_role: "user",
      content,
      type: "text",
      created_at: this.#time(),
      ...(clientId === undefined ? {} : { client_id: clientId }),
    };
    chat.messages.push(message);
    chat.reads.set(from, seq);
    this.#log.push({ chatId, message });
    this.#tell(chatId, { name: "new_message", payload: message });
    return message;
  }

  edit(chatId: string, seq: number, content: string): MessageShape {
    const chat = this.#chat(chatId);
    const message = { ...(chat.messages[seq - 1] as MessageShape), content, rev: ++chat.rev };
    chat.messages[seq - 1] = message;
    this.#log.push({ chatId, message });
    this.#tell(chatId, { name: "message_updated", payload: { chatId, message } });
    return message;
  }

  /** Tells everyone who is connected. */
  tell(event: Heard): void {
    for (const link of this.links) if (link.open) link.hooks.heard(event);
  }

  /** All connections are lost. */
  cut(): void {
    for (const link of this.links) {
      if (!link.open) continue;
      link.open = false;
      link.hooks.lost(new ParleyRefusal({ code: "connection_lost", message: "cut" }));
    }
  }

  /** The next sync is a snapshot. */
  forgetCursors(): void {
    this.#reset = true;
  }

  askedFor(name: string): Array<Record<string, unknown>> {
    return this.asked.filter((one) => one.name === name).map((one) => one.input);
  }

  #time(): string {
    return new Date(++this.#now).toISOString();
  }

  /** Somebody has read up to a message, or their device has got it. Returns the revision that this took. */
  move(
    kind: "read" | "delivered",
    position: { chatId: string; userId: string; seq: number; except?: FakeLink },
  ): number | undefined {
    const { chatId, userId, seq, except } = position;
    const chat = this.#chat(chatId);
    const positions = kind === "read" ? chat.reads : chat.delivered;
    if ((positions.get(userId) ?? 0) >= seq) return undefined;
    positions.set(userId, seq);
    this.#log.push({ chatId, moved: userId });
    if (kind === "read" && this.privateReaders.has(userId)) return undefined;
    const told = { chatId, userId, rev: ++chat.rev, timestamp: this.#time() };
    if (kind === "read") {
      this.#tell(
        chatId,
        { name: "messages_read", payload: { ...told, messageIds: [], readSeq: seq } },
        except,
      );
    } else
      this.#tell(chatId, { name: "messages_delivered", payload: { ...told, deliveredSeq: seq } }, except);
    return told.rev;
  }

  #tell(chatId: string, event: Heard, except?: FakeLink): void {
    if (this.deaf) return;
    for (const link of this.links) {
      if (link === except || !link.open) continue;
      if (this.#chat(chatId).members.includes(link.userId)) link.hooks.heard(event);
    }
  }

  #chat(chatId: string): FakeChat {
    const chat = this.chats.get(chatId);
    if (chat === undefined) throw new ParleyRefusal({ code: "chat_not_found", message: "no such chat" });
    return chat;
  }

  #refuse(name: string): void {
    const refusal = this.refusals.get(name)?.shift();
    if (refusal !== undefined) throw new ParleyRefusal(refusal);
  }

  async #answer(link: FakeLink, name: string, input: Input): Promise<unknown> {
    if (!link.open) throw new ParleyRefusal({ code: "connection_lost", message: "not open" });
    this.asked.push({ name, input: { ...input } });
    await new Promise((resolve) => setImmediate(resolve));
    this.#refuse(name);
    if (this.unknown.has(name)) throw new ParleyRefusal({ code: "unknown_event", message: name });
    const result = this.#do(link, name, input);
    if (this.loseAnswers.delete(name)) this.cut();
    if (!link.open) throw new ParleyRefusal({ code: "connection_lost", message: "lost" });
    return result;
  }

  #do(link: FakeLink, name: string, input: Input): unknown {
    if (name === "sync") return this.#sync(link, input.cursor);
    if (name === "send_message") {
      const draft = input.message ?? { content: "" };
      return { ok: true, message: this.#store(input.chatId ?? "", link.userId, draft) };
    }
    if (name === "edit_message") {
      const seq = this.#chat(input.chatId ?? "").messages.findIndex((one) => one.id === input.messageId) + 1;
      return { ok: true, message: this.edit(input.chatId ?? "", seq, input.content ?? "") };
    }
    if (name === "mark_messages_read" || name === "mark_delivered") return this.#mark(link, name, input);
    if (name === "join_chat") {
      const all = this.#chat(input.chatId ?? "").messages;
      return { chatId: input.chatId, messages: all.slice(input.afterSeq ?? 0), hasMore: false };
    }
    return { ok: true };
  }

  #mark(link: FakeLink, name: "mark_messages_read" | "mark_delivered", input: Input): unknown {
    const { chatId = "", messageIds = [] } = input;
    const { messages, reads, delivered } = this.#chat(chatId);
    const seq = input.seq ?? messages.findIndex(({ id }) => messageIds.includes(id)) + 1;
    const kind = name === "mark_delivered" ? "delivered" : "read";
    const kept = kind === "read" || !this.largeChats.has(chatId);
    const rev = kept ? this.move(kind, { chatId, userId: link.userId, seq, except: link }) : undefined;
    return {
      ok: true,
      readSeq: reads.get(link.userId),
      deliveredSeq: delivered.get(link.userId),
      ...(rev === undefined ? {} : { rev }),
    };
  }

  #sync(link: FakeLink, cursor: string | undefined): unknown {
    const reset = cursor === undefined || this.#reset;
    this.#reset = false;
    if (reset) this.#snapshotEnd = this.#log.length;
    const { chats, page, joinedSeq } = this;
    const state = { chats, log: this.#log, page, snapshotEnd: this.#snapshotEnd, joinedSeq };
    return fakeSync(state, { userId: link.userId, from: reset ? 0 : Number(cursor), reset });
  }
}
