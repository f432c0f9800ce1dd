import { restClient } from "../../rest-client.js";
import { median } from "../compare/measure-rooms.js";
import type { ReadStage } from "./read-stage.js";

/** Of one round: medians in milliseconds, one request after the other; and messages per second in rooms of two. */
export interface Reading {
  historyMs: number;
  myChatsMs: number;
  syncMs: number;
  sendsPerSecond: number;
  /** What should not happen to a message or a client. */
  faults: { lost: number; doubled: number; refused: number; dropped: number };
}

const HISTORY_PAGES = 200;
const CHAT_PAGES = 60;
const SYNCS = 10;
const IN_FLIGHT = 128;

/** Asks one node for the newest page of random chats, a page of 500 chats, and 1,000 missed messages; then lets its rooms talk. */
export async function measureReads(stage: ReadStage, { windowMs }: { windowMs: number }): Promise<Reading> {
  const historyMs = await timeEach(HISTORY_PAGES, async () => {
    const at = stage.histories[Math.floor(Math.random() * stage.histories.length)];
    if (at === undefined) throw new Error("no chat has a page of history");
    // Somebody's first request to a node also notes who they are; with one chat it would always be the same person.
    await ask(stage, at.userId, "/v1/chat/my-chats?limit=1");
    return async () => {
      const path = `/v1/chat/${at.chatId}/messages?limit=50`;
      expectCount((await ask<{ messages: unknown[] }>(stage, at.userId, path)).messages, 50);
    };
  });
  const myChatsMs = await timeEach(CHAT_PAGES, async () => async () => {
    const page = await ask<{ chats: unknown[] }>(stage, stage.sociable, "/v1/chat/my-chats?limit=20");
    expectCount(page.chats, 20);
  });
  const syncMs = await timeEach(SYNCS, async () => () => catchUp(stage));
  const order = { type: "closed" as const, inFlight: IN_FLIGHT, warmUpMs: 500, windowMs };
  const { sendsPerSecond, lost, doubled, refused, dropped } = await stage.generator.measure(order);
  return { historyMs, myChatsMs, syncMs, sendsPerSecond, faults: { lost, doubled, refused, dropped } };
}

/** As a client does it: pages of 200 until all 1,000 are there. */
async function catchUp(stage: ReadStage): Promise<void> {
  let { cursor } = stage.absent;
  const got: unknown[] = [];
  while (got.length < 1_000) {
    const path = `/v1/sync?limit=200&cursor=${encodeURIComponent(cursor)}`;
    const page = await ask<{ messages: unknown[]; cursor: string }>(stage, stage.absent.userId, path);
    if (page.messages.length === 0) throw new Error(`catching up ended after ${got.length} messages`);
    got.push(...page.messages);
    cursor = page.cursor;
  }
}

async function ask<Body>(stage: ReadStage, userId: string, path: string): Promise<Body> {
  const { status, body } = await restClient(stage.url, { userId }).request<Body>("GET", path);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

function expectCount(found: unknown[], count: number): void {
  if (found.length !== count) throw new Error(`a page holds ${found.length} instead of ${count}`);
}

/** `prepare` is not counted; what it gives is. */
async function timeEach(times: number, prepare: () => Promise<() => Promise<void>>): Promise<number> {
  const took: number[] = [];
  for (let time = 0; time < times; time++) {
    const work = await prepare();
    const started = performance.now();
    await work();
    took.push(performance.now() - started);
  }
  return median(took);
}
