import { setImmediate as turn } from "node:timers/promises";
import type { Redis } from "@parley/platform";
import { expect, test } from "vitest";
import { AnswerCache } from "./answer-cache.js";

test("a process that was held up itself does not take an answer that is there for late", async () => {
  const answer = JSON.stringify({ at: 0, known: "yes", name: "Ana", picture: null });
  const redis = { status: "ready", mget: () => turn([answer]) } as unknown as Redis;
  const cache = new AnswerCache({ redis, prefix: "test", clock: () => 0, patienceMs: 5 });
  // So that timers come next, and answers behind them.
  await turn();
  const found = cache.read(["ana"]);
  for (const end = performance.now() + 20; performance.now() < end; );
  expect(await found).toMatchObject([{ answer: { known: "yes", name: "Ana" }, isFresh: true }]);
});
