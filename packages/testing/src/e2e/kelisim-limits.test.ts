import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { kelisimPerson } from "../kelisim-person.js";
import type { RawFrame } from "../raw-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { frameOf, kelisimCast, newGroup, say } from "./kelisim-cast.js";

let cluster: TestCluster;
const { someone, onNode, online, leave } = kelisimCast(() => cluster);

beforeAll(async () => {
  cluster = await startTestCluster({
    MESSAGES_PER_MINUTE: "1",
    MESSAGES_BURST: "2",
    REQUESTS_PER_MINUTE: "1",
    REQUESTS_BURST: "20",
  });
});

afterEach(leave);

afterAll(async () => {
  await cluster?.stop();
});

/** What one's own message comes back as. */
const echoOf = (tempId: string) => (frame: RawFrame) =>
  frame.type === "new_message" && (frame.message as { temp_id?: string }).temp_id === tempId;

describe("a user's messages", () => {
  it("are counted over all nodes and ways in; beyond the rate only retries are answered", async () => {
    const ann = someone(0);
    const chat = await newGroup(ann);
    const elsewhere = await online(onNode(1, ann));
    const first = await say(ann, chat, { content: "1", temp_id: "t-1" });
    const send = { type: "send_message", chat_id: chat };
    // The first message may be heard there only now.
    await elsewhere.ask({ ...send, content: "2", temp_id: "t-2" }, echoOf("t-2"));
    const third = await ann.ask("POST", `/api/chats/${chat}/messages`, { content: "3" });
    expect([third.status, third.body]).toEqual([
      429,
      { error: expect.any(String), code: "rate_limited", retry_after_ms: expect.any(Number) },
    ]);
    expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(0);
    const fourth = await elsewhere.ask({ ...send, content: "4", temp_id: "t-4" }, frameOf("error"));
    expect(fourth).toEqual({
      type: "error",
      code: "rate_limited",
      message: expect.any(String),
      retry_after_ms: expect.any(Number),
      temp_id: "t-4",
    });
    const retry = await elsewhere.ask({ ...send, content: "1", temp_id: "t-1" }, echoOf("t-1"));
    expect(retry.message).toMatchObject({ id: first.id });
  });
});

describe("a user's calls", () => {
  it("are counted, and refused in the contract's words", async () => {
    const ben = kelisimPerson({ url: cluster.urls[0], id: 77 });
    const statuses: number[] = [];
    for (let turn = 0; turn < 25; turn++) {
      const { status, body } = await ben.ask("GET", "/api/unread-count");
      statuses.push(status);
      if (status === 429) expect(body).toMatchObject({ code: "rate_limited", error: expect.any(String) });
    }
    expect(statuses[0]).toBe(200);
    expect(statuses.at(-1)).toBe(429);
  });
});
