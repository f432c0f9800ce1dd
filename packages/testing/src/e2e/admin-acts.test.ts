import { readFileSync } from "node:fs";
import { closeEngine } from "@parley/engine";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BrowserPage, openBrowser, type TestBrowser } from "../browser/open-browser.js";
import { type Operator, operatorAt } from "../browser/operator.js";
import { signIn } from "../browser/sign-in.js";
import { tabTo, untilFocused } from "../browser/tab-to.js";
import { createOldChat } from "../old-chat.js";
import { type RestAnswer, restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { openTestEngine, type TestEngine } from "../test-engine.js";
import { until } from "../until.js";

/** What an administrator does at the dashboard, and that it has come about for those whom it concerns. */

let cluster: TestCluster;
let browser: TestBrowser;
let engine: TestEngine;
let tab: BrowserPage;
let page: Page;
let operator: Operator;
const chats = { gail: "" };

beforeAll(async () => {
  // No run of the archive by the clock does what the tests have done by hand.
  const env = { ERASURE_SETTLE_SECONDS: "1", ARCHIVE_EVERY_SECONDS: "86400" };
  [cluster, browser] = await Promise.all([startTestCluster(env), openBrowser()]);
  engine = openTestEngine(cluster.databaseUrl);
  tab = await browser.open({ baseURL: cluster.urls[0] });
  page = tab.page;
  operator = operatorAt(page);
  await signIn(page);
});

afterAll(async () => {
  if (engine !== undefined) await closeEngine(engine.engine);
  await Promise.all([cluster?.stop(), browser?.close()]);
});

const PATIENCE = { timeout: 60_000 };

/** Where nobody clicks: at the other node. */
const rest = (userId: string, role = "user") => restClient(cluster.urls[1], { userId, role });
const ops = <Body = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
  rest("ops-2", "admin").request<Body>(method, path, body);
const answerOf = ({ status, body }: RestAnswer<Record<string, unknown>>) => [status, body?.code];

async function open(from: string, to: string): Promise<string> {
  const body = { type: "direct", user_id: to };
  return (await rest(from).request<{ id: string }>("POST", "/v1/chat", body)).body.id;
}
const say = (from: string, chatId: string, content = "hello") =>
  rest(from).request("POST", `/v1/chat/${chatId}/messages`, { content, type: "text" });

describe("a person", () => {
  it("is muted by keyboard alone, writes nothing on any node, and writes again", async () => {
    const chatId = await open("ann", "bob");
    const send = async () => answerOf(await say("ann", chatId));
    expect((await send())[0]).toBe(201);
    await page.goto("/admin/users/ann");
    await page.getByRole("button", { name: "Mute" }).waitFor();

    await tabTo(page, "Mute");
    await page.keyboard.press("Enter");
    await operator.question("Mute ann?").waitFor();
    await untilFocused(page, "Until");
    await page.keyboard.press("Escape");
    await operator.question("Mute ann?").waitFor({ state: "detached" });
    await untilFocused(page, "Mute");
    await page.keyboard.press("Enter");
    await tabTo(page, "Reason");
    await page.keyboard.type("Insults, case 12");
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("ann may not write until").waitFor();
    await page.getByText("Insults, case 12").waitFor();
    await untilFocused(page, "Let write again");

    await until(async () => (await send())[1] === "user_muted", "ann's messages are refused");
    const { status } = await rest("ann").request("GET", `/v1/chat/${chatId}/messages`);
    expect(status).toBe(200);
    const answers = { Reason: "They said sorry" };
    const told = "ann may write again.";
    await operator.act({ button: "Let write again", question: "Let ann write again?", answers, told });
    await until(async () => (await send())[0] === 201, "ann writes again");
  });

  it("is blocked and let in again, and their tokens are revoked", async () => {
    const cara = rest("cara");
    const ask = async () => answerOf(await cara.request("GET", "/v1/chat/my-chats"));
    expect((await ask())[0]).toBe(200);
    await page.goto("/admin/users/cara");
    await operator.act({ button: "Block", question: "Block cara?", told: "cara is blocked." });
    await until(async () => (await ask())[1] === "user_blocked", "cara is kept out");
    const again = { button: "Let in again", question: "Let cara in again?" };
    await operator.act({ ...again, told: "cara may come in again." });
    await until(async () => (await ask())[0] === 200, "cara is let in");
    const revoke = { button: "Revoke tokens", question: "Revoke the tokens of cara?" };
    await operator.act({ ...revoke, told: "The tokens of cara are revoked." });
    await until(async () => (await ask())[1] === "token_revoked", "her token is worthless");
    await until(
      async () => (await rest("cara").request("GET", "/v1/chat/my-chats")).status === 200,
      "a new token is good",
    );
  });

  it("who is on hold is not erased, and the page says why, also when it is late", async () => {
    chats.gail = await open("gail", "hugo");
    await say("gail", chats.gail);
    await page.goto("/admin/users/gail");
    const answers = { Reason: "Case 4711" };
    const hold = { button: "Legal hold", question: "Put gail on legal hold?", answers };
    await operator.act({ ...hold, told: "gail is on hold." });
    await page.getByText("Erasing is off while the person is on legal hold.").waitFor();
    expect(await page.getByRole("button", { name: "Erase" }).isDisabled()).toBe(true);
    const lift = { button: "Lift the legal hold", question: "Lift the legal hold of gail?", answers };
    await operator.act({ ...lift, told: "The hold is lifted." });

    // Somebody else is faster than the page.
    await page.getByRole("button", { name: "Erase" }).click();
    await operator.question("Erase gail for good?").getByLabel("Type gail to confirm").fill("gail");
    expect((await ops("PUT", "/v1/admin/users/gail/hold", { held: true, reason: "Case 4712" })).status).toBe(
      200,
    );
    await operator.confirm("Erase gail for good?", "Erase");
    const task = page.getByRole("row").filter({ hasText: "Erasure" }).filter({ hasText: "Refused" });
    await task.getByText("The person is on legal hold").waitFor(PATIENCE);
    expect((await rest("gail").request("GET", "/v1/chat/my-chats")).status).toBe(200);
    await ops("PUT", "/v1/admin/users/gail/hold", { held: false, reason: "Closed" });
  });

  it("somebody's data are exported and downloaded; then they are erased, with a report", async () => {
    await page.goto("/admin/users/gail");
    const question = "Export everything of gail?";
    await operator.act({ button: "Export", question, told: /^The export is being made/ });
    const download = page.waitForEvent("download", PATIENCE);
    await page.getByRole("button", { name: "Download the export of gail" }).click(PATIENCE);
    expect((await download).suggestedFilename()).toBe("gail-export.tar");
    expect(readFileSync(await (await download).path(), "utf8")).toContain("hello");

    const erase = { button: "Erase", question: "Erase gail for good?" };
    await operator.act({
      ...erase,
      answers: { "Type gail to confirm": "gail" },
      told: "gail is being erased.",
    });
    await until(
      async () => (await ops("GET", "/v1/admin/users/gail")).status === 404,
      "gail is not known any more",
    );
    // What is left of the task names her by a pseudonym.
    await page.getByRole("link", { name: "Users", exact: true }).click();
    const row = page.getByRole("row").filter({ hasText: "Erasure" }).filter({ hasText: "Done" });
    await row.getByText(/messages 1/).waitFor(PATIENCE);
    const { body } = await rest("hugo").request("GET", `/v1/chat/${chats.gail}/messages`);
    expect(JSON.stringify(body)).not.toContain("hello");
  });
});

describe("a chat", () => {
  const archive = async (chatId: string) => {
    const path = `/v1/admin/chats/${chatId}/archive`;
    return (await ops<{ retention_days: number | null; held: boolean; messages: number }>("GET", path)).body;
  };
  const archived = async (chatId: string) => (await archive(chatId)).messages;
  const history = async (chatId: string) => {
    const path = `/v1/chat/${chatId}/messages?limit=100&before_seq=101`;
    const { body } = await rest("bob").request<{ messages: Array<{ id: string }> }>("GET", path);
    return body.messages.map(({ id }) => id);
  };

  it("is found, closed for its members, and opened again", async () => {
    const chatId = await open("eve", "finn");
    const send = async () => answerOf(await say("eve", chatId));
    await page.goto("/admin/chats");
    await page.getByLabel("With the person (id)").fill("finn");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("link", { name: "Direct chat" }).click();
    await page.getByRole("rowheader", { name: "eve" }).waitFor();
    await operator.act({ button: "Close", question: "Close this chat?", told: "The chat is closed." });
    await page.getByText("Closed", { exact: true }).waitFor();
    expect(await send()).toEqual([409, "chat_closed"]);
    await operator.act({ button: "Open", question: "Open this chat?", told: "The chat is open." });
    expect((await send())[0]).toBe(201);
  });

  it("gets a retention, is held and let go; what is archived is read, brought back and deleted", async () => {
    const chatId = await createOldChat(engine.engine, { count: 300 });
    const before = await history(chatId);
    expect(before).toHaveLength(100);
    await page.goto(`/admin/chats/${chatId}`);
    await page.getByRole("button", { name: "Retention" }).click();
    await page.getByLabel("Archive its messages").selectOption("After some days");
    await page.getByLabel("Days").fill("90");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("status").getByText("The retention is changed.").waitFor();
    await page.getByText("90 days").waitFor();
    expect(await archive(chatId)).toMatchObject({ retention_days: 90, messages: 0 });

    const now = { button: "Archive now", question: "Archive this chat's messages?" };
    await operator.act({ ...now, told: /^The chat is being archived/ });
    await until(async () => (await archived(chatId)) === 100, "the old messages are archived");
    expect(await history(chatId)).toEqual(before);
    await page.getByRole("link", { name: "Archive", exact: true }).click();
    await page.getByRole("row").filter({ hasText: "One chat archived" }).getByText("Done").waitFor(PATIENCE);
    await page.getByRole("row").filter({ hasText: "One chat archived" }).getByRole("link").click();

    const hold = {
      button: "Legal hold",
      question: "Put this chat on legal hold?",
      answers: { Reason: "Case 1" },
    };
    await operator.act({ ...hold, told: "The chat is on hold." });
    await page.getByText("While the chat is held, nothing of it is archived or deleted.").waitFor();
    const remove = page.getByRole("button", { name: "Delete what is archived" });
    expect(await remove.isDisabled()).toBe(true);
    const purge = await ops("POST", `/v1/admin/chats/${chatId}/purge`, { confirm: chatId });
    expect(answerOf(purge)).toEqual([409, "chat_held"]);
    const lift = {
      button: "Lift the legal hold",
      question: "Lift the legal hold?",
      answers: { Reason: "Over" },
    };
    await operator.act({ ...lift, told: "The hold is lifted." });
    expect(await archive(chatId)).toMatchObject({ held: false, messages: 100 });

    // Somebody else is faster than the page.
    await remove.click();
    const question = operator.question("Delete the archived messages for good?");
    await question.getByLabel(`Type ${chatId} to confirm`).fill(chatId);
    await ops("PUT", `/v1/admin/chats/${chatId}/hold`, { held: true, reason: "Case 2" });
    await question.getByRole("button", { name: "Delete what is archived" }).click();
    await question.getByRole("alert").getByText("The chat is on legal hold; take it off first.").waitFor();
    await page.keyboard.press("Escape");
    await ops("PUT", `/v1/admin/chats/${chatId}/hold`, { held: false, reason: "Over" });

    const back = { button: "Restore", question: "Bring the archived messages back?" };
    await operator.act({ ...back, told: "The archived messages are being brought back." });
    await until(async () => (await archived(chatId)) === 0, "they are back");
    expect(await history(chatId)).toEqual(before);
    await page.reload();
    await operator.act({ ...now, told: /^The chat is being archived/ });
    await until(async () => (await archived(chatId)) === 100, "they are archived again");
    await page.reload();
    const forGood = { button: "Delete what is archived", question: "Delete the archived messages for good?" };
    const answers = { [`Type ${chatId} to confirm`]: chatId };
    await operator.act({ ...forGood, answers, told: "The archived messages are being deleted." });
    await until(async () => (await history(chatId)).length === 0, "nobody reads them any more");
  });
});

const ACTIONS = [
  "user.muted",
  "user.unmuted",
  "user.blocked",
  "user.unblocked",
  "user.tokens_revoked",
  "user.hold_changed",
  "data.export_requested",
  "data.export_downloaded",
  "data.erasure_requested",
  "chat.status_changed",
  "chat.retention_changed",
  "chat.archived",
  "chat.restored",
  "chat.purged",
  "admin.session_began",
];

it("the audit log names who did each of these, and complains of nothing", async () => {
  const entry = (action: string) =>
    page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: action, exact: true }) });
  await page.getByRole("link", { name: "Audit log", exact: true }).click();
  await page.getByLabel("Who (id)").fill("ops");
  await page.getByRole("button", { name: "Filter" }).click();
  for (const action of ACTIONS) {
    const who = entry(action).first().getByRole("cell").getByText("ops", { exact: true });
    await who.waitFor();
  }
  expect(await page.getByText("ops-2", { exact: true }).count()).toBe(0);

  await page.getByLabel("Action").fill("user.muted");
  await page.getByRole("button", { name: "Filter" }).click();
  await entry("user.blocked").waitFor({ state: "detached" });
  await entry("user.muted").filter({ hasText: "ann" }).getByText("Insults, case 12").waitFor();
  expect(tab.complaints).toEqual([]);
});
