import { createVapidPair } from "@parley/platform/local";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type BrowserPage, openBrowser, type TestBrowser } from "../browser/open-browser.js";
import { signIn, untilLoaded } from "../browser/sign-in.js";
import { WEB_PAGES } from "../browser/web-pages.js";
import type { PushService } from "../push-service/push-service.js";
import { startPushService } from "../push-service/start-push-service.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

let cluster: TestCluster;
let browser: TestBrowser;
let pushes: PushService;
let tab: BrowserPage;
let page: Page;

beforeAll(async () => {
  pushes = await startPushService();
  const vapid = createVapidPair();
  const env = {
    PUSH_ALLOWED_HOSTS: pushes.host,
    VAPID_PUBLIC_KEY: vapid.publicKey,
    VAPID_PRIVATE_KEY: vapid.privateKey,
  };
  [cluster, browser] = await Promise.all([startTestCluster(env), openBrowser()]);
});

afterAll(async () => {
  await Promise.all([cluster?.stop(), browser?.close(), pushes?.stop()]);
});

beforeEach(async () => {
  tab = await browser.open({ baseURL: cluster.urls[0] });
  page = tab.page;
});

const PATIENCE = { timeout: 60_000 };

const rowOf = (name: string) =>
  page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: new RegExp(`^${name}\\b`) }) });
const below = (name: string) => rowOf(name).locator("xpath=following-sibling::tr[1]");
const confirm = (title: string, button: string) =>
  page.getByRole("dialog", { name: title }).getByRole("button", { name: button, exact: true }).click();

async function say(from: string, to: string, content: string): Promise<string> {
  const rest = restClient(cluster.urls[0], { userId: from });
  const chat = await rest.request<{ id: string }>("POST", "/v1/chat", { type: "direct", user_id: to });
  const path = `/v1/chat/${chat.body.id}/messages`;
  return (await rest.request<{ id: string }>("POST", path, { content, type: "text" })).body.id;
}

async function subscribe(userId: string): Promise<string> {
  const { endpoint, keys } = pushes.newSubscription();
  await restClient(cluster.urls[0], { userId }).request("POST", "/v1/notifications/subscribe", {
    endpoint,
    keys,
  });
  return endpoint;
}

it("every page is of use while there is nothing to show", async () => {
  await signIn(page);
  for (const path of Object.values(WEB_PAGES).filter((path) => path.split("/").length === 3)) {
    await page.goto(path);
    await untilLoaded(page);
    expect((await page.locator("main").textContent())?.length, path).toBeGreaterThan(40);
  }
  expect(tab.complaints).toEqual([]);
});

it("which queue is stuck: one that somebody has paused, and it goes on when it is resumed", async () => {
  await signIn(page, "/admin/jobs");
  await rowOf("notifications").getByRole("button", { name: "Pause" }).click();
  await confirm("Pause the queue notifications?", "Pause");
  await rowOf("notifications").getByText("Paused").waitFor();
  const messageId = await say("ann", "queued", "Nobody is told yet");
  await below("notifications")
    .getByText(/paused/i)
    .waitFor(PATIENCE);
  await rowOf("notifications").getByRole("button", { name: "Resume" }).click();
  await rowOf("notifications").getByText("Paused").waitFor({ state: "detached" });
  const ops = restClient(cluster.urls[0], { userId: "ops", role: "admin" });
  const path = `/v1/notifications/explain?message_id=${messageId}&user_id=queued`;
  const outcome = async () => (await ops.request<{ outcome: string }>("GET", path)).body.outcome;
  await until(async () => (await outcome()) === "suppressed", "the queue has done its work");
});

it("why a push did not arrive: the person has no device", async () => {
  await say("ann", "bob", "You are not told of it");
  await signIn(page, "/admin");
  await page.getByRole("link", { name: "Why did a push not arrive?" }).click();
  await page.getByLabel("User id").fill("bob");
  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByText("This person has no device that takes pushes.").waitFor();
  await page.getByRole("link", { name: "Explain" }).first().click(PATIENCE);
  await page.getByText("It was decided not to push").waitFor(PATIENCE);
  await page.getByRole("code").filter({ hasText: "no_subscription" }).first().waitFor();
});

it("why a push did not arrive: its service knows the device no more", async () => {
  pushes.behave({ kind: "status", status: 410 }, await subscribe("carl"));
  const messageId = await say("ann", "carl", "It is refused");
  await signIn(page, `/admin/pushes?tab=explain&user=carl&message=${messageId}`);
  await page.getByText(`The device is not known any more to ${pushes.origin}`).waitFor(PATIENCE);
  await page.getByText(/The service answered 410\. .*subscribe again/).waitFor();
  await page.getByRole("button", { name: "Services and reasons" }).click();
  await page.getByRole("row").filter({ hasText: "Others" }).first().waitFor(PATIENCE);
});

it("single jobs are shown by bull-board, without a second login and without asking anybody else", async () => {
  const requests: string[] = [];
  page.on("requestfinished", (request) => requests.push(new URL(request.url()).origin));
  await signIn(page, "/admin/jobs");
  await page.getByRole("button", { name: "Single jobs in bull-board" }).click();
  await page.waitForURL("**/admin/queues");
  await page.getByText("push-bulk").first().waitFor();
  expect([...new Set(requests)]).toEqual([new URL(cluster.urls[0]).origin]);
  // What its page wants from elsewhere is refused, and that alone.
  expect(tab.complaints.filter((text) => !text.includes("fonts.googleapis.com"))).toEqual([]);
});

it("somebody is blocked and let in again", async () => {
  await say("ann", "dora", "hello");
  await signIn(page, "/admin/users/ann");
  await page.getByRole("button", { name: "Block" }).click();
  await confirm("Block ann?", "Block");
  await page.getByText("Blocked", { exact: true }).waitFor();
  const ann = restClient(cluster.urls[0], { userId: "ann" });
  await until(async () => (await ann.request("GET", "/v1/chat/my-chats")).status === 403, "ann is kept out");
  await page.getByRole("button", { name: "Let in again" }).click();
  await confirm("Let ann in again?", "Let in again");
  await until(async () => (await ann.request("GET", "/v1/chat/my-chats")).status === 200, "ann is let in");
});

it("a chat is found, closed and opened again", async () => {
  await say("eve", "finn", "hello");
  await signIn(page, "/admin/chats");
  await page.getByLabel("With the person (id)").fill("finn");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("link", { name: "Direct chat" }).click();
  await page.getByRole("rowheader", { name: "eve" }).waitFor();
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await confirm("Close this chat?", "Close");
  await page.getByText("Closed", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await confirm("Open this chat?", "Open");
  await page.getByText("Closed", { exact: true }).waitFor({ state: "detached" });
});

it("somebody's data are exported, downloaded and erased, and the audit log tells of it", async () => {
  await say("gail", "hugo", "hello");
  await signIn(page, "/admin/users/gail");
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await confirm("Export everything of gail?", "Export");
  const download = page.waitForEvent("download", PATIENCE);
  await page.getByRole("button", { name: "Download the export of gail" }).click(PATIENCE);
  expect((await download).suggestedFilename()).toBe("gail-export.tar");

  await page.getByRole("button", { name: "Erase" }).click();
  await page.getByLabel("Type gail to confirm").fill("gail");
  await confirm("Erase gail for good?", "Erase");
  await page.getByText("gail is being erased.").waitFor();
  const gail = restClient(cluster.urls[0], { userId: "gail" });
  await until(
    async () => (await gail.request("GET", "/v1/chat/my-chats")).status === 403,
    "gail is kept out",
  );

  await page.getByRole("link", { name: "Audit log" }).click();
  for (const action of ["data.erasure_requested", "data.export_downloaded", "admin.session_began"]) {
    await page.getByLabel("Action").fill(action);
    await page.getByRole("button", { name: "Filter" }).click();
    await page.getByRole("row").filter({ hasText: action }).filter({ hasText: "ops" }).first().waitFor();
  }
  expect(tab.complaints).toEqual([]);
});

it("which node is sick: one that hangs is found, and another one is drained", async () => {
  await signIn(page, "/admin/cluster");
  await rowOf("api-2").getByText("Ready").waitFor(PATIENCE);
  cluster.nodes[1]?.signal("SIGSTOP");
  try {
    await rowOf("api-2").getByText("Lost").waitFor(PATIENCE);
    await below("api-2")
      .getByText(/not reported/)
      .waitFor();
    expect(await page.getByRole("rowheader").first().textContent()).toContain("api-2");
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("listitem").filter({ hasText: "api-2" }).getByText("What to do").waitFor(PATIENCE);
  } finally {
    cluster.nodes[1]?.signal("SIGCONT");
  }
  await page.getByRole("link", { name: "Cluster" }).click();
  await rowOf("api-2")
    .getByText("Lost")
    .waitFor({ state: "detached", ...PATIENCE });

  await rowOf("api-2").getByRole("button", { name: "Drain" }).click();
  await confirm("Drain api-2?", "Drain");
  await rowOf("api-2").getByText("Draining").waitFor(PATIENCE);
  await until(async () => (await fetch(`${cluster.urls[1]}/readyz`)).status === 503, "the node is not ready");
});
