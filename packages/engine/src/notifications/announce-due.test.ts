import type { JobInput, JobName } from "@parley/contracts";
import { createTestDatabase, openTestEngine, until } from "@parley/testing";
import { describe, expect, it, vi } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { untraced } from "../trace-port.js";
import { DueChats } from "./announce-due.js";

describe("the chats of a moment", () => {
  type Asked = { job: JobName; data: JobInput<JobName> };

  it("share a job", async () => {
    const asked: Asked[] = [];
    const due = new DueChats({ enqueue: (job, data) => void asked.push({ job, data }), trace: untraced });
    const change = (chatId: string) => ({
      chatId,
      rev: 1,
      seq: 1,
      audience: null,
      body: { name: "message.created" as const, message: {} as never },
    });
    due.note([change("a"), change("b")]);
    due.note([change("a"), { ...change("c"), body: { name: "member.added", userId: "x" } }]);
    expect(asked).toEqual([]);
    await until(() => asked.length > 0, "the job is asked for");
    expect(asked).toEqual([{ job: "notifications.collect", data: { chatIds: ["a", "b"] } }]);
    for (let count = 0; count < 450; count++) due.note([change(`chat-${count}`)]);
    due.close();
    const sizes = asked.slice(1).map(({ data }) => ("chatIds" in data ? data.chatIds.length : 0));
    expect(sizes).toEqual([200, 200, 50]);
  });

  it("are asked for at once after silence, and again after a while where there is much talk", () => {
    vi.useFakeTimers();
    try {
      const asked: Asked[] = [];
      const due = new DueChats({ enqueue: (job, data) => void asked.push({ job, data }), trace: untraced });
      const created = { name: "message.created" as const, message: {} as never };
      const change = (chatId: string, audience: string[] | null = ["x"]) => ({
        chatId,
        rev: 1,
        seq: 1,
        audience,
        body: created,
      });
      for (let ms = 0; ms < 5_000; ms += 10) {
        due.note([change("busy"), change("busy and large", null)]);
        if (ms === 3_000) due.note([change("quiet")]);
        vi.advanceTimersByTime(10);
      }
      const times = (chatId: string) =>
        asked.filter(({ data }) => "chatIds" in data && data.chatIds.includes(chatId)).length;
      expect(times("busy")).toBe(3);
      expect(times("busy and large")).toBe(1);
      expect(times("quiet")).toBe(1);
      vi.advanceTimersByTime(1_100);
      expect(times("busy"), "the last word, too").toBe(4);
      expect(times("busy and large"), "the last word, too").toBe(2);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("are asked for after a commit", async () => {
    const database = await createTestDatabase();
    const asked: string[] = [];
    const { engine } = openTestEngine(database.url, { enqueue: (job) => void asked.push(job) });
    const alice = { userId: "alice", role: "user" };
    const { id: chatId } = await createChat(engine, {
      actor: alice,
      request: { type: "direct", userId: "bob" },
    });
    await sendMessage(engine, { actor: alice, chatId, draft: { content: "x", type: "text" } });
    await until(() => asked.includes("notifications.collect"), "a job is asked for");
    await closeEngine(engine);
    await database.drop();
  });
});
