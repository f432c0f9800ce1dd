import { ParleyError } from "@parley/contracts";
import type { Database } from "../database/database.js";
import { guardDatabase } from "../database/database-failure.js";

/** What never changes about a chat. */
export interface ChatFacts {
  id: string;
  /** Its integer name. */
  number: number;
  type: "order" | "direct" | "group";
  /** Whether everyone may enter whom an edge lets in. */
  isOpen: boolean;
  /** The two people of a direct chat or an order's chat; null for a group. */
  pair: readonly [string, string] | null;
}

const CAPACITY = 50_000;
const COLUMNS = {
  id: true,
  number: true,
  type: true,
  isOpen: true,
  directKey: true,
  userId: true,
  shopperId: true,
} as const;

interface Row {
  id: string;
  number: bigint;
  type: ChatFacts["type"];
  isOpen: boolean;
  directKey: string | null;
  userId: string | null;
  shopperId: string | null;
}

/** Remembers what never changes about chats, so that contracts with integer ids need not ask for each event. */
export class ChatFactsCache {
  readonly #database: Database;
  readonly #byId = new Map<string, ChatFacts>();
  readonly #byNumber = new Map<number, ChatFacts>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** What is remembered of a chat; undefined when it has to be read. */
  get(chatId: string): ChatFacts | undefined {
    return this.#byId.get(chatId);
  }

  /** Throws chat_not_found. Says nothing about who may know of the chat. */
  async read(chatId: string): Promise<ChatFacts> {
    return this.#byId.get(chatId) ?? this.#find({ id: chatId });
  }

  /** By the integer name. Throws chat_not_found. Says nothing about who may know of the chat. */
  async readByNumber(number: number): Promise<ChatFacts> {
    return this.#byNumber.get(number) ?? this.#find({ number });
  }

  /** By the chats' ids, in one query for what is not remembered; chats that do not exist are left out. */
  async readAll(chatIds: readonly string[]): Promise<Map<string, ChatFacts>> {
    const unknown = [...new Set(chatIds)].filter((chatId) => !this.#byId.has(chatId));
    if (unknown.length > 0) {
      const rows = await guardDatabase(() =>
        this.#database.prisma.chat.findMany({ where: { id: { in: unknown } }, select: COLUMNS }),
      );
      for (const row of rows) this.#remember(factsOf(row));
    }
    const known = chatIds.map((chatId) => this.#byId.get(chatId)).filter((facts) => facts !== undefined);
    return new Map(known.map((facts) => [facts.id, facts]));
  }

  /** Of a person who was erased, the chats have somebody else in their place: those are read anew. */
  forgetPerson(userId: string): void {
    for (const { id, number, pair } of this.#byId.values()) {
      if (!pair?.includes(userId)) continue;
      this.#byId.delete(id);
      this.#byNumber.delete(number);
    }
  }

  async #find(where: { id: string } | { number: number }): Promise<ChatFacts> {
    const row = await guardDatabase(() => this.#database.prisma.chat.findUnique({ where, select: COLUMNS }));
    if (row === null) throw new ParleyError("chat_not_found");
    return this.#remember(factsOf(row));
  }

  #remember(facts: ChatFacts): ChatFacts {
    if (this.#byId.size >= CAPACITY) {
      const oldest = this.#byId.values().next();
      if (!oldest.done) {
        this.#byId.delete(oldest.value.id);
        this.#byNumber.delete(oldest.value.number);
      }
    }
    this.#byId.set(facts.id, facts);
    this.#byNumber.set(facts.number, facts);
    return facts;
  }
}

function factsOf({ id, number, type, isOpen, ...row }: Row): ChatFacts {
  return { id, number: Number(number), type, isOpen, pair: pairOf(row) };
}

/** The two people of a direct chat or an order's chat; null for a group. */
export function pairOf({
  directKey,
  userId,
  shopperId,
}: Pick<Row, "directKey" | "userId" | "shopperId">): ChatFacts["pair"] {
  if (directKey !== null) return JSON.parse(directKey) as [string, string];
  return userId === null || shopperId === null ? null : [userId, shopperId];
}
