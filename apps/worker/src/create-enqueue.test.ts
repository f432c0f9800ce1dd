import type { QueueName } from "@parley/contracts";
import type { JobDesk } from "@parley/platform";
import { expect, test, vi } from "vitest";
import { createEnqueue } from "./create-enqueue.js";

const TASK = { taskId: "4f1f2f6e-0000-4000-8000-000000000001" };

function openDesk(waiting: number) {
  const ask = vi.fn<JobDesk<QueueName>["ask"]>();
  const counts = vi.fn(async () => ({ waiting, delayed: 0 }));
  const desk = { ask, queues: { data: { counts } } } as unknown as JobDesk<QueueName>;
  return { ask, counts, enqueue: createEnqueue({ desk, hasKeys: true }) };
}

test("asks for exports and erasures again and again only while few wait", async () => {
  const { ask, enqueue } = openDesk(999);
  enqueue("data.run", TASK, { delayMs: 5 });
  await vi.waitFor(
    () => expect(ask).toHaveBeenCalledWith("data", { job: "data.run", data: TASK, delayMs: 5 }),
    20_000,
  );
  const full = openDesk(1_000);
  full.enqueue("data.run", TASK);
  full.enqueue("data.sweep", {});
  await vi.waitFor(() => expect(full.counts).toHaveBeenCalledTimes(1), 20_000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(full.ask.mock.calls).toEqual([["jobs", { job: "data.sweep", data: {}, delayMs: undefined }]]);
});
