import type { Pool } from "pg";
import { expect, it } from "vitest";
import type { Database } from "../database/database.js";
import { untraced } from "../trace-port.js";
import { MessageWriter } from "./message-writer.js";

const CHAT = "00000000-0000-7000-8000-000000000000";

/** A database that stores in the order in which it is asked, and refuses when it is told to. */
function scriptedPool(script: Array<"held" | "stored" | "spoilt">) {
  const stored: string[] = [];
  const query = async ({ values }: { values: unknown[][] }) => {
    const step = script.shift() ?? "stored";
    await new Promise((resolve) => setImmediate(resolve));
    if (step === "held") throw Object.assign(new Error("canceling statement"), { code: "55P03" });
    const contents = (values[5] ?? []) as string[];
    if (contents.some((content) => content.startsWith("bad"))) {
      throw Object.assign(new Error("invalid byte sequence"), { code: "22021" });
    }
    const rows = contents.map((content, index) => {
      stored.push(content);
      return {
        place: index + 1,
        outcome: "created",
        message_id: "",
        message_number: stored.length,
        message_seq: stored.length,
        message_rev: stored.length,
        stored_at: new Date(),
        audience: null,
      };
    });
    return { rows };
  };
  return { stored, pool: { query } as unknown as Pool };
}

function writerOn(pool: Pool): MessageWriter {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const database = { writerPool: pool } as Database;
  return new MessageWriter({
    database,
    log,
    trace: untraced,
    queueLimit: 1_000,
    onCommitted: () => undefined,
  });
}

const write = (writer: MessageWriter, content: string) =>
  writer.write({
    id: content,
    chatId: CHAT,
    senderId: "alice",
    senderRole: "user",
    draft: { content, type: "text" },
    digest: null,
    trusted: false,
  });

it("keeps a chat's order when its messages are taken apart while more of them wait in the lane", async () => {
  const { pool, stored } = scriptedPool(["held", "held"]);
  const writer = writerOn(pool);
  const contents = Array.from({ length: 30 }, (_, index) => `${index}`);
  const writes: Array<Promise<unknown>> = [];
  for (const content of contents) {
    writes.push(write(writer, content));
    if (Number(content) % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(writes);
  expect(stored).toEqual(contents);
});

it("keeps the order and loses only the bad one, whether the chat is held or not", async () => {
  for (const script of [[], ["held"], ["held", "held", "held"]] as const) {
    const { pool, stored } = scriptedPool([...script]);
    const writer = writerOn(pool);
    const contents = ["0", "1", "bad", "3", "4", "5"];
    const results = await Promise.allSettled(contents.map((content) => write(writer, content)));
    expect(results.map((result) => result.status === "fulfilled")).toEqual([
      true,
      true,
      false,
      true,
      true,
      true,
    ]);
    expect(stored).toEqual(["0", "1", "3", "4", "5"]);
    await Promise.all([writer.drain(), writer.drain()]);
  }
});
