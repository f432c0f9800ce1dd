import type { QueuesShape } from "@parley/contracts";
import { closeEngine } from "@parley/engine";
import { createVapidPair } from "@parley/platform/local";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { type BrowserPage, openBrowser, type TestBrowser } from "../browser/open-browser.js";
import { type Operator, operatorAt } from "../browser/operator.js";
import { signIn, untilLoaded } from "../browser/sign-in.js";
import { tabTo } from "../browser/tab-to.js";
import { WEB_PAGES } from "../browser/web-pages.js";
import { connectNative } from "../native-client.js";
import type { PushService } from "../push-service/push-service.js";
import { startPushService } from "../push-service/start-push-service.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { openTestEngine, type TestEngine } from "../test-engine.js";
import { until } from "../until.js";

let cluster: TestCluster;
let browser: TestBrowser;
let engine: TestEngine;
let pushes: PushService;
let operator: Operator;
let tab: BrowserPage;
let page: Page;

beforeAll(async () => {
  pushes = await startPushService();
  const vapid = createVapidPair();
  const env = {
    PUSH_ALLOWED_HOSTS: pushes.host,
    VAPID_PUBLIC_KEY: vapid.publicKey,
    VAPID_PRIVATE_KEY: vapid.privateKey,
    NOTIFICATION_SWEEP_SECONDS: "1",
  };
  [cluster, browser] = await Promise.all([startTestCluster(env), openBrowser()]);
  engine = openTestEngine(cluster.databaseUrl);
});

afterAll(async () => {
  if (engine !== undefined) await closeEngine(engine.engine);
  await Promise.all([cluster?.stop(), browser?.close(), pushes?.stop()]);
});

beforeEach(async () => {
  tab = await browser.open({ baseURL: cluster.urls[0] });
  page = tab.page;
  operator = operatorAt(page);
});

const PATIENCE = { timeout: 60_000 };

const PEOPLE = 300;
const variant = (title: string) => ({
  name: title,
  weight: 1,
  notification: { title, body: "Everything must go." },
});

interface Progress {
  state: string;
  total: number;
  sent: number;
  pending: number;
}

const ops = <Body>(method: string, path: string, body?: unknown) =>
  restClient(cluster.urls[0], { userId: "ops", role: "admin" }).request<Body>(method, path, body);
const progressOf = async (id: string) => (await ops<Progress>("GET", `/v1/notifications/batch/${id}`)).body;
const run = (statement: string) => engine.engine.database.pool.query(statement);

async function begin(campaign: object): Promise<string> {
  const notification = { title: "Sale", body: "Everything must go." };
  const answer = await ops<{ batch_id: string }>("POST", "/v1/notifications/batch", {
    notification,
    ...campaign,
  });
  expect(answer.status).toBe(202);
  return answer.body.batch_id;
}

async function outcomeOf(messageId: string, userId: string): Promise<string> {
  const path = `/v1/notifications/explain?message_id=${messageId}&user_id=${userId}`;
  return (await ops<{ outcome: string }>("GET", path)).body.outcome;
}

async function say(from: string, to: string, content: string): Promise<string> {
  const rest = restClient(cluster.urls[0], { userId: from });
  const chat = await rest.request<{ id: string }>("POST", "/v1/chat", { type: "direct", user_id: to });
  const path = `/v1/chat/${chat.body.id}/messages`;
  return (await rest.request<{ id: string }>("POST", path, { content, type: "text" })).body.id;
}

async function subscribe(userId: string): Promise<{ endpoint: string; id: string }> {
  const { endpoint, keys, id } = pushes.newSubscription();
  const rest = restClient(cluster.urls[0], { userId });
  await rest.request("POST", "/v1/notifications/subscribe", { endpoint, keys });
  // Campaigns are promotional, which nobody wants unless they say so.
  await rest.request("PUT", "/v1/notifications/preferences", { promotional: true });
  return { endpoint, id };
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
  await operator.rowOf("notifications").getByRole("button", { name: "Pause" }).click();
  await operator.confirm("Pause the queue notifications?", "Pause");
  await operator.rowOf("notifications").getByText("Paused").waitFor();
  const messageId = await say("ann", "queued", "Nobody is told yet");
  await operator
    .below("notifications")
    .getByText(/paused/i)
    .waitFor(PATIENCE);
  await operator.rowOf("notifications").getByRole("button", { name: "Resume" }).click();
  await operator.rowOf("notifications").getByText("Paused").waitFor({ state: "detached" });
  await until(
    async () => (await outcomeOf(messageId, "queued")) === "suppressed",
    "the queue has done its work",
  );
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
  pushes.behave({ kind: "status", status: 410 }, (await subscribe("carl")).endpoint);
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
  expect(tab.complaints).toEqual([]);
});

it("a campaign is paused and goes on, and the better text is named", async () => {
  const people = Array.from({ length: PEOPLE }, (_, place) => `reader-${place}`);
  const browsers = new Map(
    await Promise.all(people.map(async (userId) => [(await subscribe(userId)).id, userId] as const)),
  );
  await signIn(page, "/admin/jobs");
  const queue = "push-bulk";
  const pause = { button: "Pause", of: queue, question: `Pause the queue ${queue}?` };
  await operator.act({ ...pause, told: "The queue push-bulk is paused." });
  const batchId = await begin({ user_ids: people, variants: [variant("plain"), variant("loud")] });
  const open = async () => (await progressOf(batchId)).pending;
  await until(async () => (await open()) === PEOPLE, "everybody is to be told");

  await page.getByRole("link", { name: "Pushes", exact: true }).click();
  await page.getByRole("button", { name: "Campaigns" }).click();
  await page.getByRole("link", { name: "Sale" }).click();
  await page.getByText("Running", { exact: true }).waitFor();
  await operator.act({ button: "Pause", told: "The campaign is paused." });
  await page.getByText("Paused", { exact: true }).waitFor();
  const resume = () => ops("POST", `/v1/admin/queues/${queue}/resume`);
  await until(async () => (await resume()).status === 200, "the queue goes on");
  await until(async () => {
    const { body } = await ops<QueuesShape>("GET", "/v1/admin/queues");
    return body.queues.every(({ name, waiting, active }) => name !== queue || waiting + active === 0);
  }, "the queue has nothing left to do");
  const { state, sent, pending } = await until(async () => {
    const progress = await progressOf(batchId);
    return progress.total === PEOPLE && progress;
  }, "the campaign's progress is told");
  expect({ state, sent, pending }).toEqual({ state: "paused", sent: 0, pending: PEOPLE });

  await operator.act({ button: "Resume", told: "The campaign goes on." });
  // What the push service, which is this process, did not answer in time is tried again a quarter of a minute later, then three quarters.
  await until(async () => (await progressOf(batchId)).sent === PEOPLE, "everybody has it", 240_000);
  await page.getByText("Done", { exact: true }).waitFor(PATIENCE);
  await Promise.all(
    pushes.received.map(({ subscription, payload }) => {
      const push = payload?.json as { title: string; data: { notificationId: string } } | undefined;
      if (push?.title !== "loud") return undefined;
      const reader = restClient(cluster.urls[0], { userId: browsers.get(subscription) ?? "" });
      return reader.request("POST", `/v1/notifications/${push.data.notificationId}/clicked`);
    }),
  );
  await page.getByText("“loud” is clicked more often by more than chance (5 % level).").waitFor(PATIENCE);
}, 500_000);

it("a job that failed is shown with its reason, and done when it is retried", async () => {
  const broken = `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'could not extend file: No space left on device'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON notifications FOR EACH ROW WHEN (NEW.user_id = 'mia') EXECUTE FUNCTION refuse()`;
  await run(broken);
  const messageId = await say("ann", "mia", "The disk is full");
  await signIn(page, "/admin/jobs");
  const table = page.getByRole("table", { name: "Recently failed jobs" });
  const failure = table.getByText(/No space left on device/);
  await failure.first().waitFor(PATIENCE);
  await run("DROP TRIGGER refuse ON notifications");
  await operator.act({
    button: "Retry failed",
    of: "jobs of notifications",
    told: /failed jobs? of notifications/,
  });
  await until(async () => (await outcomeOf(messageId, "mia")) === "suppressed", "the job is done");
  // A sweep that was at it when the disk had room again may fail after the others were retried.
  await until(async () => {
    const { body } = await ops<QueuesShape>("GET", "/v1/admin/queues");
    const hasFailed = body.queues.some(({ name, failed }) => name === "notifications" && failed > 0);
    if (hasFailed) await ops("POST", "/v1/admin/queues/notifications/retry-failed");
    return (await failure.count()) === 0;
  }, "no failure is shown any more");
});

it("which node is sick: one that hangs and a worker that is gone are found, and are well again", async () => {
  const alert = (words: string) => page.getByRole("listitem").filter({ hasText: words });
  await signIn(page, "/admin/cluster");
  await operator.rowOf("worker").getByText("Ready").waitFor(PATIENCE);
  await operator.rowOf("api-2").getByText("Ready").waitFor(PATIENCE);
  cluster.nodes[1]?.signal("SIGSTOP");
  await cluster.worker.kill("SIGKILL");
  const messageId = await say("ann", "nobody-else", "Nobody works on it");
  try {
    for (const name of ["api-2", "worker"]) {
      await operator.rowOf(name).getByText("Lost").waitFor(PATIENCE);
      await operator
        .below(name)
        .getByText(/not reported/)
        .waitFor();
    }
    const names = await page.getByRole("rowheader").allTextContents();
    expect(names.slice(0, 2).map((text) => /^(api-2|worker)/.test(text))).toEqual([true, true]);
    await page.getByRole("link", { name: "Overview" }).click();
    await alert("api-2").getByText("What to do").waitFor(PATIENCE);
    await alert("No worker is at work").getByText("What to do").waitFor(PATIENCE);
    await page.getByRole("link", { name: "Queues", exact: true }).click();
    await operator
      .below("notifications")
      .getByText(/No live worker takes its jobs.*start a worker/)
      .waitFor(PATIENCE);
  } finally {
    cluster.nodes[1]?.signal("SIGCONT");
  }
  await cluster.worker.restart();
  await until(async () => (await outcomeOf(messageId, "nobody-else")) === "suppressed", "its job is done");
  await operator
    .below("notifications")
    .getByText("No live worker")
    .waitFor({ state: "detached", ...PATIENCE });
  await page.getByRole("link", { name: "Cluster" }).click();
  for (const name of ["api-2", "worker"]) await operator.rowOf(name).getByText("Ready").waitFor(PATIENCE);
  await page.getByRole("link", { name: "Overview" }).click();
  for (const words of ["No worker is at work", "api-2"])
    await alert(words).waitFor({ state: "detached", ...PATIENCE });
});

it("a node is drained by keyboard alone: its clients move on, and the page says so", async () => {
  // The load balancer, too, has noticed that the one which hung is back.
  await until(() => cluster.balancer.readyNodes().length === 2, "both nodes get clients");
  const clients = await Promise.all(
    ["una", "vic", "wes", "xia"].map((userId) => connectNative(cluster.url, { userId, reconnect: true })),
  );
  onTestFinished(() => clients.forEach((client) => void client.close()));
  await signIn(page, "/admin/cluster");
  const connections = (name: string) => operator.rowOf(name).getByRole("cell").nth(1);
  await operator.rowOf("api-2").filter({ hasText: "Ready" }).waitFor(PATIENCE);
  await until(async () => Number(await connections("api-2").textContent()) > 0, "clients are there");

  await tabTo(page, "Drain api-2");
  await page.keyboard.press("Enter");
  await operator.question("Drain api-2?").waitFor();
  await tabTo(page, "Reason");
  await page.keyboard.type("New kernel");
  await page.keyboard.press("Enter");
  await page.getByRole("status").getByText("api-2 was asked to drain").waitFor();
  await operator.rowOf("api-2").getByText("Draining").waitFor(PATIENCE);
  await until(async () => (await fetch(`${cluster.urls[1]}/readyz`)).status === 503, "the node is not ready");
  await until(async () => (await connections("api-1").textContent()) === "4", "they are at the other one");
  await until(async () => (await connections("api-2").textContent()) === "0", "nobody is left");
  expect(clients.every(({ socket }) => socket.connected)).toBe(true);

  await page.getByRole("link", { name: "Audit log", exact: true }).click();
  const row = page.getByRole("row").filter({ hasText: "node.drain_asked" }).filter({ hasText: "New kernel" });
  await row.getByText("ops", { exact: true }).waitFor();
});
