import { expect, test } from "vitest";
import { RequestSlots } from "./request-slots.js";

test("a few run, some wait, urgent ones before others, and the rest is turned away", async () => {
  const slots = new RequestSlots({ running: 1, waiting: 3 });
  const begun: string[] = [];
  const take = async (name: string, isUrgent: boolean) => {
    const may = await slots.take({ isUrgent });
    begun.push(may ? name : `not ${name}`);
  };
  const all = [take("first", false), take("later", false), take("latest", false), take("urgent", true)];
  await take("too many", true);
  expect(begun).toEqual(["first", "not too many"]);
  for (const _ of [1, 2, 3]) slots.free();
  await Promise.all(all);
  expect(begun.slice(2)).toEqual(["urgent", "later", "latest"]);
  slots.free();
  expect(await slots.take({ isUrgent: false })).toBe(true);
});
