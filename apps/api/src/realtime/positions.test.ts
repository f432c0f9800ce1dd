import type { Batch } from "@parley/contracts";
import {
  changeSettings,
  closeEngine,
  createChat,
  type Engine,
  listMembers,
  listMessages,
  markDelivered,
  markRead,
  openEngine,
  readArrival,
  readCommitLogEnd,
  readCommits,
  readMissed,
  readPositions,
  sendMessage,
} from "@parley/engine";
import { createLogger } from "@parley/platform";
import { createTestDatabase, type TestDatabase, until } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FanOut } from "./fan-out.js";
import { nativeWire } from "./outbound.js";
import type { Frames } from "./wire.js";

const USERS = ["ann", "ben", "cid", "dee"].map((userId) => ({ userId, role: "user" }));
const [OWNER = { userId: "ann", role: "user" }] = USERS;
const log = createLogger({ level: "silent", node: "test", name: "test" });

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
});

/** Repeatable: the seed is in the test's name. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The fields of the events that tell of positions. */
interface Told {
  chatId: string;
  userId: string;
  readSeq: number;
  deliveredSeq: number;
  chat_id: string;
  sender_id: string;
  seq: number;
}

/** What one client has been told of everybody's positions, in `chat user`. */
class Listener {
  readonly read = new Map<string, number>();
  readonly delivered = new Map<string, number>();
  constructor(
    readonly id: string,
    readonly userId: string,
  ) {}
  readonly wire = nativeWire;
  receive(frames: Frames): void {
    if (!("later" in frames)) for (const frame of frames) this.#hear(frame);
  }
  #hear(frame: string): void {
    const [name, told] = JSON.parse(frame.slice(frame.indexOf("["))) as [string, Told];
    if (name === "messages_read")
      this.#note(this.read, told.chatId, { user: told.userId, seq: told.readSeq });
    if (name === "messages_delivered")
      this.#note(this.delivered, told.chatId, { user: told.userId, seq: told.deliveredSeq });
    // Who writes was there.
    if (name === "new_message") this.#note(this.read, told.chat_id, { user: told.sender_id, seq: told.seq });
  }
  #note(known: Map<string, number>, chatId: string, { user, seq }: { user: string; seq: number }): void {
    const key = `${chatId} ${user}`;
    known.set(key, Math.max(seq, known.get(key) ?? 0));
  }
  of(chatId: string, user: string) {
    const readSeq = this.read.get(`${chatId} ${user}`) ?? 0;
    return { readSeq, deliveredSeq: Math.max(readSeq, this.delivered.get(`${chatId} ${user}`) ?? 0) };
  }
}

/** A node whose bus loses two packets of five; the log of commits tells it what it must read. */
async function lossyNode(random: () => number) {
  const batches: Batch[] = [];
  const engines = [0, 1].map(() =>
    openEngine({ databaseUrl: database.url, poolSize: 5, log, publish: (batch) => void batches.push(batch) }),
  ) as [Engine, Engine];
  const [engine] = engines;
  const fanOut = new FanOut({
    readMissed: (positions) => readMissed(engine, positions),
    readArrival: (input) => readArrival(engine, input),
    log,
  });
  let since = await readCommitLogEnd(engine);
  return {
    engines,
    fanOut,
    /** Hears what the bus brings, in any order, and sometimes looks at the log. */
    hear: () => {
      for (const batch of batches.splice(0).sort(() => random() - 0.5)) {
        if (random() > 0.4) fanOut.accept(batch);
      }
    },
    look: async () => {
      const { commits, next } = await readCommits(engine, since);
      since = next;
      fanOut.expect(commits, { atOnce: true });
    },
    close: async () => {
      fanOut.close();
      for (const open of engines) await closeEngine(open);
    },
  };
}

type Node = Awaited<ReturnType<typeof lossyNode>>;

async function doSomething({ engines }: Node, { chats, random }: { chats: string[]; random: () => number }) {
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item;
  const [engine, actor, chatId] = [pick(engines), pick(USERS), pick(chats)];
  const page = { actor, chatId, limit: 50, position: { page: 1 } };
  const { messages, total } = await listMessages(engine, page);
  const what = random();
  if (what < 0.35 || total === 0) {
    await sendMessage(engine, { actor, chatId, draft: { content: "hello", type: "text" } });
  } else if (what < 0.65) await markRead(engine, { actor, chatId, messageIds: [pick(messages).id] });
  else if (what < 0.85) await markDelivered(engine, { actor, chatId, seq: pick(messages).seq });
  else await changeSettings(engine, { actor, change: { privateReading: random() < 0.5 } });
}

it.each([3, 11, 2_026])(
  "on a lossy bus, everybody is told the positions that they may see (seed %i)",
  async (seed) => {
    const random = randomFrom(seed);
    const node = await lossyNode(random);
    const [engine] = node.engines;
    const chats: string[] = [];
    const memberIds = USERS.map(({ userId }) => userId);
    for (const name of ["one", "two"]) {
      chats.push(
        (await createChat(engine, { actor: OWNER, request: { type: "group", name, memberIds } })).id,
      );
    }
    const listeners = USERS.map(({ userId }) => new Listener(userId, userId));
    for (const listener of listeners) {
      node.fanOut.follow(node.fanOut.users.add(listener), await readPositions(engine, listener.userId));
    }
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 6 }, () => doSomething(node, { chats, random })));
      node.hear();
      if (random() < 0.3) await node.look();
    }
    for (const chatId of chats) {
      for (const { userId, role } of USERS) {
        const listener = listeners.find((one) => one.userId === userId);
        const members = await listMembers(engine, { actor: { userId, role }, chatId });
        const shown = members.map(({ userId: member, readSeq, deliveredSeq }) => ({
          member,
          readSeq,
          deliveredSeq,
        }));
        const told = () => shown.map(({ member }) => ({ member, ...listener?.of(chatId, member) }));
        await until(
          async () => {
            await node.look();
            return JSON.stringify(told()) === JSON.stringify(shown);
          },
          `${userId} is told where everybody stands: ${JSON.stringify(shown)}`,
        ).catch(() => undefined);
        expect(told()).toEqual(shown);
      }
    }
    await node.close();
  },
);
