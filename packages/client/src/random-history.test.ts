import { expect, it } from "vitest";
import { memoryStore } from "./store/memory-store.js";
import { createFakeClock } from "./testing/fake-clock.js";
import { FakeServer } from "./testing/fake-server.js";
import { openTestClient } from "./testing/open-test-client.js";

const RUNS = 150;
const STEPS = 60;

/** The same numbers for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function live(seed: number) {
  const random = seeded(seed);
  const clock = createFakeClock();
  const server = new FakeServer();
  const store = memoryStore();
  const chats = ["one", "two"].map((id) => server.open(id, "ann", "ben"));
  // In this one, Ann comes and goes.
  const visited = "two";
  const open = () => openTestClient({ clock, server }, { store, random });
  let tabs = [open(), open()];
  const written: string[] = [];
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const refusals = [
    { code: "overloaded", message: "" },
    { code: "rate_limited", message: "", retry_after_ms: 700 },
  ];
  const steps: Array<() => void | Promise<void>> = [
    () => void server.say(pick(chats), "ben", `ben ${random()}`),
    () => void server.say(pick(chats), "ben", `ben ${random()}`),
    () => void written.push(pick(tabs).client.send(pick(chats), `ann ${random()}`).clientId),
    () => void written.push(pick(tabs).client.send(pick(chats), `ann ${random()}`).clientId),
    () => {
      const chat = pick(chats);
      const { length } = server.chats.get(chat)?.messages ?? [];
      if (length > 0) server.edit(chat, 1 + Math.floor(random() * length), `edited ${random()}`);
    },
    () => server.cut(),
    () => void server.loseAnswers.add("send_message"),
    () => void server.refusals.set("send_message", [pick(refusals)]),
    () => void server.refusals.set("sync", [pick(refusals)]),
    () => void server.refusals.set("GET /v1/chat/{id}/messages", [pick(refusals)]),
    () => {
      server.deaf = random() < 0.5;
    },
    () => {
      if (random() < 0.2) server.forgetCursors();
      server.page = 1 + Math.floor(random() * 10);
    },
    async () => {
      const [old = open(), ...others] = tabs;
      await old.client.close();
      tabs = [...others, open()];
    },
    () => pick(tabs).client.markRead(pick(chats)),
    () => void server.move("read", { chatId: pick(chats), userId: "ben", seq: Math.ceil(random() * 20) }),
    () => {
      const inside = server.chats.get(visited)?.members.includes("ann");
      if (inside) server.remove(visited, "ann");
      else server.add(visited, "ann");
    },
  ];
  for (let step = 0; step < STEPS; step++) {
    await pick(steps)();
    await clock.advance(random() * 1_500);
    for (const { client } of tabs) {
      for (const chat of chats) {
        const keys = client.timeline(chat).map((entry) => entry.key);
        expect(new Set(keys).size).toBe(keys.length);
        const seqs = client.timeline(chat).flatMap(({ message }) => (message.seq > 0 ? [message.seq] : []));
        expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index));
      }
    }
  }
  server.deaf = false;
  server.page = 200;
  // A missed message is noticed by the next one; a missed edit by the catch-up that follows live changes within minutes.
  if (!server.chats.get(visited)?.members.includes("ann")) server.add(visited, "ann");
  for (const chat of chats) server.say(chat, "ben", "the end");
  await clock.advance(400_000);
  return { server, chats, tabs, written, clock };
}

it("whatever happens, every tab ends with the server's history, and every message of mine is in it once", async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const { server, chats, tabs, written, clock } = await live(seed);
    const all = chats.flatMap((chat) => server.chats.get(chat)?.messages ?? []);
    const mine = all.filter((message) => message.sender_id === "ann").map((message) => message.client_id);
    expect(mine.toSorted(), `seed ${seed}`).toEqual(written.toSorted());
    for (const { client, told } of tabs) {
      for (const chat of chats) {
        const truth = server.chats.get(chat)?.messages ?? [];
        const shown = client.timeline(chat);
        expect(
          shown.map((entry) => entry.message),
          `seed ${seed}`,
        ).toEqual(truth.slice(-shown.length));
        const news = told.filter(
          (one) => one.name === "message" && (one.event as { chatId: string }).chatId === chat,
        );
        const seqs = news.map((one) => (one.event as { message: { seq: number } }).message.seq);
        expect(seqs, `seed ${seed}`).toEqual([...new Set(seqs)].toSorted((left, right) => left - right));
        const first = seqs[0] ?? truth.length;
        if (chat === "one") expect(seqs, `seed ${seed}`).toHaveLength(truth.length - first + 1);
      }
      await client.close();
    }
    await clock.settle();
    expect(clock.waiting(), `seed ${seed}`).toBe(0);
  }
});
