import { expect, it } from "vitest";
import { planChats, planUsers, slowUsers } from "./plan-chats.js";
import { Random } from "./random.js";

it("plans the same chats for the same seed, small ones and one of more than a hundred", () => {
  const plan = (seed: number) => planChats({ clients: 200 }, new Random(seed));
  expect(plan(5)).toEqual(plan(5));
  expect(plan(5)).not.toEqual(plan(6));
  const sizes = plan(5).map(({ members }) => members.length);
  expect(Math.max(...sizes)).toBe(120);
  expect(sizes.filter((size) => size >= 2 && size <= 30)).toHaveLength(100);
  for (const { members } of plan(5)) expect(new Set(members).size).toBe(members.length);
});

it("keeps guests out at first, and puts the slow readers into one busy chat", () => {
  const chats = planChats({ clients: 40, guestChats: 2, slowReaders: 3 }, new Random(1));
  const guested = chats.filter(({ guests }) => guests.length > 0);
  expect(guested).toHaveLength(2);
  for (const { members, guests } of guested) {
    expect(members.filter((member) => guests.includes(member))).toEqual([]);
  }
  // One of each kind of client.
  expect(slowUsers(planUsers(40), 3)).toEqual(["u0001", "u0021", "u0029"]);
  const busy = chats.filter(({ pulse }) => pulse > 0);
  expect(busy).toHaveLength(1);
  expect(busy[0]?.members).toEqual(expect.arrayContaining(slowUsers(planUsers(40), 3)));
});
