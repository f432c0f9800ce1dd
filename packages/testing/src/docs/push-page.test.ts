import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { EXPLAINED_OUTCOMES, NOTIFICATION_REASONS } from "@parley/contracts";
import { loadTemplates } from "@parley/engine";
import { expect, it, test, vi } from "vitest";

const page = readFileSync(fileURLToPath(new URL("../../../../docs/push.md", import.meta.url)), "utf8");

/** The rows of the table with this heading, cell by cell. */
function table(heading: string): string[][] {
  const [, rows = ""] =
    new RegExp(`^\\| ${heading} \\|.*\\n\\|[-|]+\\n((?:\\|.*\\n)+)`, "m").exec(page) ?? [];
  return rows
    .trim()
    .split("\n")
    .map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const codeOf = (cell = "") => cell.replaceAll("`", "");

test("the page has every reason, with the words that explain uses", () => {
  const said = table("reason").map(([reason, , words]) => [codeOf(reason), words]);
  expect(Object.fromEntries(said)).toEqual(NOTIFICATION_REASONS);
  expect(said).toHaveLength(Object.keys(NOTIFICATION_REASONS).length);
});

test("the page has every outcome, with the words that explain uses", () => {
  expect(table("outcome").map(([outcome, words]) => [codeOf(outcome), words])).toEqual(
    Object.entries(EXPLAINED_OUTCOMES),
  );
});

test("the page has every text that can be replaced, with its placeholders", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "parley-page-"));
  const { english } = await loadTemplates(folder);
  const wrong = Object.fromEntries(Object.keys(english).map((key) => [key, "{none}"]));
  writeFileSync(path.join(folder, "en.json"), JSON.stringify(wrong));
  // The refusal says of each text what it may have.
  const refusal = await loadTemplates(folder).catch((error: Error) => error.message);
  rmSync(folder, { recursive: true });
  const said = table("key").map(([key, placeholders = ""]) => {
    const may = placeholders === "–" ? "no placeholder" : placeholders.replaceAll("`", "");
    return `${codeOf(key)} has {none}; it can have ${may}`;
  });
  expect(said).toHaveLength(Object.keys(english).length);
  for (const one of said) expect(`${refusal};`).toContain(`${one};`);
});

interface WorkerEvent {
  data?: { json: () => unknown };
  notification?: { data: object; close: () => void };
  waitUntil: (work: Promise<unknown>) => void;
}

/** The page's service worker in a browser that only writes down what it is told. */
function startServiceWorker() {
  const code = /^```js service-worker\n([\s\S]*?)^```/m.exec(page)?.[1] ?? "";
  const listeners = new Map<string, (event: WorkerEvent) => void>();
  const told = {
    shown: vi.fn(),
    opened: vi.fn(),
    fetched: vi.fn(async (..._call: unknown[]) => new Response()),
  };
  vm.runInNewContext(code, {
    self: {
      addEventListener: (name: string, listener: (event: WorkerEvent) => void) =>
        listeners.set(name, listener),
      registration: { showNotification: async (...shown: unknown[]) => told.shown(...shown) },
      clients: { matchAll: async () => [], openWindow: async (place: string) => told.opened(place) },
    },
    caches: { open: async () => ({ match: async () => new Response("a-token") }) },
    fetch: told.fetched,
  });
  const fire = async (name: string, event: Omit<WorkerEvent, "waitUntil">) => {
    const work: Promise<unknown>[] = [];
    listeners.get(name)?.({ ...event, waitUntil: (one) => void work.push(one) });
    expect(work).toHaveLength(1);
    await Promise.all(work);
  };
  return { ...told, fire };
}

const data = { type: "chat_message", notificationId: "n-1", chatId: "c-1" };

it("shows what is pushed", async () => {
  const { fire, shown } = startServiceWorker();
  const payload = { title: "Ann", body: "Are you there?", tag: "chat:c-1", data };
  await fire("push", { data: { json: () => payload } });
  expect(shown.mock.calls).toEqual([["Ann", { body: "Are you there?", tag: "chat:c-1", data }]]);
});

test.each([
  ["notificationclick", "clicked", ["/chats/c-1"]],
  ["notificationclose", "opened", []],
])("tells the server of a %s", async (event, call, places) => {
  const { fire, fetched, opened } = startServiceWorker();
  await fire(event, { notification: { data, close: () => undefined } });
  expect(opened.mock.calls.flat()).toEqual(places);
  expect(fetched.mock.calls).toEqual([
    [
      `https://chat.acme.dev/v1/notifications/n-1/${call}`,
      { method: "POST", headers: { Authorization: "Bearer a-token" } },
    ],
  ]);
});
