import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFakeClock } from "../testing/fake-clock.js";
import { createFakeLocks } from "../testing/fake-locks.js";
import { FakeServer } from "../testing/fake-server.js";
import { openTestClient } from "../testing/open-test-client.js";
import { indexedDbStore } from "./indexed-db-store.js";
import { memoryStore } from "./memory-store.js";
import type { Store, StoreMembership } from "./store.js";

const PATIENCE_MS = 20_000;

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("navigator", { locks: createFakeLocks() });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const memory = new Map<string, Store>();
const kinds: Array<[string, (name: string) => Store]> = [
  ["in memory", (name) => memory.get(name) ?? memory.set(name, memoryStore()).get(name) ?? memoryStore()],
  ["in IndexedDB", indexedDbStore],
];

/** Joins, and remembers what happens. */
function join(store: Store) {
  const member = {
    leads: [] as boolean[],
    notes: [] as unknown[],
    membership: undefined as StoreMembership | undefined,
  };
  member.membership = store.join?.({
    lead: (alone) => member.leads.push(alone),
    hear: (note) => member.notes.push(note),
  });
  return member;
}

describe.each(kinds)("a store %s", (kind, openStore) => {
  it("keeps what is saved, for the next one with the same name", async () => {
    const store = openStore(`${kind} 1`);
    expect(await store.load()).toEqual([]);
    await store.save([
      ["a", { deep: [1, null, "x"] }],
      ["b", "two"],
    ]);
    await store.save([
      ["b", undefined],
      ["c", 3],
    ]);
    store.close?.();
    const next = openStore(`${kind} 1`);
    expect(new Map(await next.load())).toEqual(
      new Map<string, unknown>([
        ["a", { deep: [1, null, "x"] }],
        ["c", 3],
      ]),
    );
    expect(await openStore(`${kind} other`).load()).toEqual([]);
  });

  it("has one leader at a time, and passes notes to all others", async () => {
    const members = [1, 2, 3].map(() => join(openStore(`${kind} 2`)));
    const leads = () => members.map((member) => member.leads);
    await vi.waitFor(() => expect(leads()).toEqual([[true], [], []]), PATIENCE_MS);
    members[1]?.membership?.tell({ type: "note" });
    await vi.waitFor(() => expect(members[2]?.notes).toEqual([{ type: "note" }]), PATIENCE_MS);
    await vi.waitFor(() => expect(members[0]?.notes).toEqual([{ type: "note" }]), PATIENCE_MS);
    expect(members[1]?.notes).toEqual([]);
    members[1]?.membership?.leave();
    members[0]?.membership?.leave();
    await vi.waitFor(() => expect(leads()).toEqual([[true], [], [true]]), PATIENCE_MS);
    members[2]?.membership?.leave();
  });
});

describe("a store in IndexedDB", () => {
  it("lets every tab send, but none keep, where there are no Web Locks", async () => {
    vi.stubGlobal("navigator", {});
    const members = [join(indexedDbStore("unlocked")), join(indexedDbStore("unlocked"))];
    await vi.waitFor(() => expect(members.map((one) => one.leads)).toEqual([[false], [false]]), PATIENCE_MS);
    for (const member of members) member.membership?.leave();
  });

  it("opens again after the browser has taken the database away", async () => {
    const store = indexedDbStore("taken");
    await store.save([["a", 1]]);
    const removal = indexedDB().deleteDatabase("taken");
    await new Promise((resolve) => {
      removal.onsuccess = resolve;
    });
    await store.save([["b", 2]]);
    expect(await store.load()).toEqual([["b", 2]]);
    store.close?.();
  });

  it("holds a client's outbox and chats across a reload", async () => {
    const clock = createFakeClock();
    const server = new FakeServer();
    const chat = server.open("chat", "ann", "ben");
    server.say(chat, "ben", "hi");
    const before = openTestClient({ clock, server }, { store: indexedDbStore("ann") });
    await clock.advance(1_000);
    await clock.advance(3_000);
    server.cut();
    const { clientId } = before.client.send(chat, "later");
    await before.client.close();
    const after = openTestClient({ clock, server }, { store: indexedDbStore("ann") });
    await clock.advance(1_000);
    await clock.advance(1_000);
    expect(after.shown(chat)).toEqual(["1 hi stored", "2 later stored"]);
    expect(server.chats.get(chat)?.messages[1]?.client_id).toBe(clientId);
    expect(server.askedFor("sync")).toEqual([{}, { cursor: expect.any(String) }]);
    await after.client.close();
  });
});

describe("a store that fails", () => {
  it("is told, and the client goes on in memory", async () => {
    const clock = createFakeClock();
    const server = new FakeServer();
    const chat = server.open("chat", "ann");
    const broken = () => Promise.reject(new Error("no space"));
    const { client, shown, told } = openTestClient(
      { clock, server },
      { store: { load: () => new Promise(() => undefined), save: broken } },
    );
    client.send(chat, "hi");
    await clock.advance(7_000);
    expect(shown(chat)).toEqual(["1 hi stored"]);
    expect(told.filter((one) => one.name === "trouble").at(0)).toMatchObject({ event: { doing: "storing" } });
    await client.close();
  });
});

function indexedDB(): InstanceType<typeof IDBFactory> {
  return (globalThis as unknown as { indexedDB: InstanceType<typeof IDBFactory> }).indexedDB;
}
