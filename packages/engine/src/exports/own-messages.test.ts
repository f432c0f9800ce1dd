import { createOldChat, openTestNode, type TestNode } from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { archiveChat } from "../archive/archive-chat.js";
import { purgeChat } from "../archive/purge-chat.js";
import { restoreChat } from "../archive/restore-chat.js";
import { readMessages } from "./own-messages.js";

const operator = { userId: "root", role: "admin" };
const COUNT = 2_700;
const before = new Date("2025-01-01");

let test: TestNode;
let chatId: string;

beforeAll(async () => {
  test = await openTestNode();
});

afterAll(() => test.close());

interface Told {
  seq: number;
  content: string;
  created_at: Date | string;
}

/** What alice, who wrote all of a new chat, is told of it, page by page; after each page something may happen. */
async function tell(
  afterPage: (told: Told[]) => Promise<void>,
  prepare: () => Promise<void> = async () => {},
) {
  await test.run("DELETE FROM chats");
  chatId = await createOldChat(test.engine, { count: COUNT });
  await prepare();
  const told: Told[] = [];
  for (let after: string | undefined; ; ) {
    const page = await readMessages(test.engine, { userId: "alice", after });
    told.push(...(page.rows as Told[]));
    if (page.next === null) return told;
    after = page.next;
    await afterPage(told);
  }
}

/** The number of each message once, whichever page had it. */
const seqsOf = (told: readonly Told[]) => told.map(({ seq }) => seq).sort((left, right) => left - right);
const from = (first: number) => Array.from({ length: COUNT - first + 1 }, (_, at) => first + at);

/** Does it once, when something of the chat has been told. */
function once(act: () => Promise<unknown>, isDue = (told: Told[]) => told.length > 0) {
  let isDone = false;
  return async (told: Told[]) => {
    if (isDone || !isDue(told)) return;
    isDone = true;
    await act();
  };
}

const archive = () => archiveChat(test.engine, { chatId, before });
const archiveSome = async () =>
  void (await archiveChat(test.engine, { chatId, before, afterSegment: async () => false }));

describe("messages that move while they are told", () => {
  it("are told once when they are archived, in a chat that had no archive", async () => {
    const plain = await tell(async () => {});
    const told = await tell(once(archive));
    expect(seqsOf(told)).toEqual(from(1));
    const said = ({ seq, content, created_at: at }: Told) => [seq, content, new Date(at).getTime()];
    expect(told.map(said)).toEqual(plain.map(said));
  });

  it("are told once when more is archived than there was", async () => {
    const isAmongRows = (told: Told[]) => told.length > 500;
    expect(seqsOf(await tell(once(archive, isAmongRows), archiveSome))).toEqual(from(1));
  });

  it("are told once when they come back", async () => {
    const restore = () => restoreChat(test.engine, { actor: operator, chatId });
    expect(seqsOf(await tell(once(restore), async () => void (await archive())))).toEqual(from(1));
  });

  it("are left out when they are deleted before their turn", async () => {
    const purge = async () => {
      await archive();
      await purgeChat(test.engine, { chatId, before });
    };
    const told = await tell(once(purge));
    expect(seqsOf(told)).toEqual([...from(1).slice(0, 1_000), ...from(COUNT - 199)]);
  });
});
