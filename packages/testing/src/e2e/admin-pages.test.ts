import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerCalls } from "../browser/answer-calls.js";
import { findBarriers } from "../browser/find-barriers.js";
import { type BrowserPage, openBrowser, type TestBrowser } from "../browser/open-browser.js";
import { type Answers, sampleAnswers } from "../browser/sample/sample-answers.js";
import { sampleNodes } from "../browser/sample/sample-cluster.js";
import { sampleUser } from "../browser/sample/sample-content.js";
import { signIn, untilLoaded } from "../browser/sign-in.js";
import { tabTo, untilFocused } from "../browser/tab-to.js";
import { WEB_PAGES } from "../browser/web-pages.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

let cluster: TestCluster;
let browser: TestBrowser;

beforeAll(async () => {
  [cluster, browser] = await Promise.all([startTestCluster(), openBrowser()]);
});

afterAll(async () => {
  await Promise.all([cluster?.stop(), browser?.close()]);
});

async function open({
  answers = sampleAnswers,
  path,
  ...options
}: BrowserContextOptions & { answers?: Answers; path?: string } = {}): Promise<BrowserPage> {
  const tab = await browser.open({ baseURL: cluster.urls[0], ...options });
  await answerCalls(tab.page, answers);
  await signIn(tab.page, path);
  return tab;
}

const overflowOf = (page: Page) =>
  page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
const hiddenParts = (page: Page) =>
  page.evaluate<string[]>(`[...document.querySelectorAll(".table-frame")]
    .filter((frame) => frame.scrollWidth > frame.clientWidth)
    .map((frame) => frame.querySelector("caption").textContent)`);
const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });

describe.each([
  ["on a desk, in light", { width: 1280, height: 800 }, "light"],
  ["on a phone, in the dark", { width: 390, height: 844 }, "dark"],
] as const)("every page %s", (_where, viewport, colorScheme) => {
  it("fits, keeps nobody out, and complains of nothing", async () => {
    const { page, complaints } = await open({ viewport, colorScheme });
    expect(await page.evaluate("document.documentElement.dataset.theme")).toBe(colorScheme);
    const faults: string[] = [];
    for (const [name, path] of Object.entries(WEB_PAGES)) {
      await page.goto(path);
      await untilLoaded(page);
      const overflow = await overflowOf(page);
      if (overflow > 0) faults.push(`${name} is ${overflow} px wider than the screen`);
      for (const table of await hiddenParts(page)) faults.push(`${name}: “${table}” does not fit`);
      faults.push(...(await findBarriers(page)).map((barrier) => `${name}: ${barrier}`));
    }
    expect(faults).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

it("a text as long as names can be does not widen the page of a phone", async () => {
  const long = "W".repeat(200);
  const { nodes } = sampleNodes();
  const answers = {
    ...sampleAnswers,
    "GET /v1/admin/nodes": () => ({
      nodes: nodes.map((node) => ({ ...node, trouble: long })),
      incomplete: long,
    }),
  };
  const { page } = await open({ answers, path: "/admin/cluster", viewport: { width: 390, height: 844 } });
  await page.getByText(long).first().waitFor();
  expect(await overflowOf(page)).toBe(0);
});

describe("what the server does not answer", () => {
  const failing = (detail: string) => ({
    status: 503,
    json: { code: "database_unavailable", detail, request_id: "req-4711", status: 503 },
  });

  it("is told with its request id and asked again on demand", async () => {
    const { page } = await open({ path: "/admin/pushes" });
    let isBroken = true;
    await page.route("**/v1/admin/queues", async (call) => {
      if (isBroken) await call.fulfill(failing("The database is away."));
      else await call.fallback();
    });
    await page.goto("/admin/jobs");
    const problem = page.getByRole("alert").filter({ hasText: "The queues could not be loaded." });
    await problem.getByText("req-4711").waitFor();
    isBroken = false;
    await problem.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("rowheader", { name: /push-bulk/ }).waitFor();
    expect(await problem.count()).toBe(0);
  });

  it("leaves the older data there, and says how old they are", async () => {
    const { page } = await open({ path: "/admin/cluster" });
    await page.getByRole("rowheader", { name: /api-3/ }).waitFor();
    await page.route("**/v1/admin/nodes", (call) => call.fulfill(failing("The database is away.")));
    const notice = page.getByText(/The data shown are \d+ s old/);
    await notice.waitFor();
    const ageOf = async () => Number(/(\d+) s/.exec((await notice.textContent()) ?? "")?.[1]);
    const age = await ageOf();
    await until(async () => (await ageOf()) > age, "the age grows");
    expect(await page.getByRole("rowheader", { name: /api-3/ }).isVisible()).toBe(true);
  });

  it("is not asked for again before it has answered", async () => {
    const { page } = await browser.open({ baseURL: cluster.urls[0] });
    await page.clock.install();
    await answerCalls(page, sampleAnswers);
    await signIn(page, "/admin/cluster");
    await page.getByRole("rowheader", { name: /api-3/ }).waitFor();
    const answer: Array<() => Promise<void>> = [];
    await page.route("**/v1/admin/nodes", (call) => void answer.push(() => call.fallback()));
    const others: string[] = [];
    page.on("request", (request) => others.push(request.url()));
    const passing = (isDone: () => boolean, what: string) =>
      until(async () => {
        await page.clock.runFor(1_000);
        return isDone();
      }, what);
    await passing(() => answer.length > 0, "the page asks again");
    await passing(
      () => others.filter((url) => url.includes("/rates")).length > 1,
      "it asks for others twice",
    );
    expect(answer).toHaveLength(1);
    await answer[0]?.();
    await passing(() => answer.length === 2, "the page goes on");
  });
});

describe("by keyboard alone", () => {
  it("one skips to the page, reaches another one, and is told its heading", async () => {
    const { page } = await open();
    await heading(page, "Overview").waitFor();
    await tabTo(page, "Skip to the page");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement?.id")).toBe("main");
    await page.reload();
    await heading(page, "Overview").waitFor();
    await tabTo(page, "Queues");
    await page.keyboard.press("Enter");
    await heading(page, "Queues").waitFor();
    await untilFocused(page, "Queues");
  });

  it("a question keeps the focus inside, closes with Escape, and gives it back", async () => {
    const { page } = await open({ path: "/admin/cluster" });
    await page.getByRole("rowheader", { name: /api-3/ }).waitFor();
    await tabTo(page, "Drain api-3");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Drain api-3?" });
    await dialog.waitFor();
    for (let step = 0; step < 8; step += 1) {
      await page.keyboard.press("Tab");
      const isOutside = await page.evaluate(
        "document.activeElement !== document.body && !document.querySelector('dialog').contains(document.activeElement)",
      );
      expect(isOutside).toBe(false);
    }
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await untilFocused(page, "Drain api-3");
  });

  it("single moments of a chart are read off", async () => {
    const { page } = await open();
    const moment = page.getByRole("slider", { name: "Messages per second, moment" });
    await moment.focus();
    await page.keyboard.press("ArrowLeft");
    await until(
      async () =>
        /^\d\d:\d\d:\d\d: Stored [\d,.]+, Delivered [\d,.]+$/.test(
          (await moment.getAttribute("aria-valuetext")) ?? "",
        ),
      "the moment is told",
    );
  });
});

it("on a phone the menu opens, closes with Escape, and leads to a page", async () => {
  const { page } = await open({ viewport: { width: 390, height: 844 } });
  const menu = page.getByRole("button", { name: "Menu" });
  const link = page.getByRole("link", { name: "Users" });
  expect(await link.isVisible()).toBe(false);
  await menu.click();
  await link.waitFor();
  await page.keyboard.press("Escape");
  await link.waitFor({ state: "hidden" });
  await menu.click();
  await link.click();
  await heading(page, "Users").waitFor();
  expect(await link.isVisible()).toBe(false);
});

it("the appearance can be chosen, and stays", async () => {
  const { page } = await open({ colorScheme: "light" });
  const ground = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
  const light = await ground();
  await page.getByLabel("Appearance").selectOption("Dark");
  await until(async () => (await ground()) !== light, "the page is dark");
  await page.reload();
  await heading(page, "Overview").waitFor();
  expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
});

it("updates can be paused", async () => {
  const { page } = await browser.open({ baseURL: cluster.urls[0] });
  await page.clock.install();
  await answerCalls(page, sampleAnswers);
  await signIn(page, "/admin/cluster");
  await page.getByRole("rowheader", { name: /api-3/ }).waitFor();
  let asked = 0;
  page.on("request", (request) => {
    if (request.url().includes("/v1/")) asked += 1;
  });
  await page.clock.runFor(20_000);
  await until(() => asked > 0, "the page asks by itself");

  await page.getByRole("button", { name: "Pause updates" }).click();
  // What it has asked just before is told of before what it asks after.
  const last = page.waitForRequest("**/the-last");
  await page.evaluate("void fetch('/the-last')");
  await last;
  asked = 0;
  await page.clock.runFor(600_000);
  expect(asked).toBe(0);
  await page.getByRole("button", { name: "Updates paused" }).click();
  await until(() => asked > 0, "the page goes on");
});

describe("erasing somebody", () => {
  const withUser = (differences: object): Answers => ({
    ...sampleAnswers,
    "GET /v1/admin/users/{user_id}": () => ({ ...sampleUser(), ...differences }),
  });

  it("asks for the person's id, and sends nothing before it is typed", async () => {
    const { page } = await open({ answers: withUser({ held: false }), path: "/admin/users/zoe" });
    const sent: unknown[] = [];
    await page.route("**/v1/admin/users/zoe/erase", async (call) => {
      sent.push(call.request().postDataJSON());
      await call.fulfill({ status: 202, json: { task: {} } });
    });
    await page.getByRole("button", { name: "Erase" }).click();
    const dialog = page.getByRole("dialog", { name: "Erase zoe for good?" });
    const erase = dialog.getByRole("button", { name: "Erase" });
    const typed = dialog.getByLabel("Type zoe to confirm");
    await erase.waitFor();
    expect(await page.evaluate("document.activeElement?.matches('dialog [data-first]')")).toBe(true);
    expect(await erase.isDisabled()).toBe(true);
    await typed.fill("zo");
    await page.keyboard.press("Enter");
    expect(await erase.isDisabled()).toBe(true);
    await typed.fill("zoe");
    await dialog.getByLabel(/^Reason/).fill("Ticket 4711");
    await erase.click();
    await dialog.waitFor({ state: "detached" });
    await page.getByText("zoe is being erased.").waitFor();
    expect(sent).toEqual([{ confirm: "zoe", reason: "Ticket 4711" }]);
  });

  it("is off while they are on legal hold, and says why", async () => {
    const { page } = await open({ answers: withUser({ held: true }), path: "/admin/users/zoe" });
    await page.getByText("Erasing is off while the person is on legal hold.").waitFor();
    expect(await page.getByRole("button", { name: "Erase" }).isDisabled()).toBe(true);
  });

  it("a refusal is told in the question, with the request id", async () => {
    const { page } = await open({ answers: withUser({ held: false }), path: "/admin/users/zoe" });
    await page.route("**/v1/admin/users/zoe/export", (call) =>
      call.fulfill({
        status: 503,
        json: { code: "overloaded", detail: "Too much to do.", request_id: "req-9" },
      }),
    );
    await page.getByRole("button", { name: "Export", exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Export" }).click();
    await dialog.getByRole("alert").getByText("req-9").waitFor();
    expect(await dialog.getByRole("button", { name: "Export" }).isEnabled()).toBe(true);
  });
});

it("nobody is muted until a time that has passed", async () => {
  const { page } = await open({ path: "/admin/users/zoe" });
  await page.getByRole("button", { name: "Mute" }).click();
  const dialog = page.getByRole("dialog", { name: "Mute zoe?" });
  const mute = dialog.getByRole("button", { name: "Mute" });
  await dialog.getByLabel("Reason").fill("Insults");
  expect(await mute.isEnabled()).toBe(true);
  await dialog.getByLabel("Until").fill("2020-01-01T00:00");
  await dialog.getByText("This time has passed.").waitFor();
  expect(await mute.isDisabled()).toBe(true);
});

it("who is not known, or was erased, is told apart from a server that fails", async () => {
  const { page } = await open({ path: "/admin/users" });
  await page.route("**/v1/admin/users/gone", (call) =>
    call.fulfill({ status: 404, json: { code: "user_not_found", detail: "There is no such user." } }),
  );
  await page.goto("/admin/users/gone");
  await page.getByRole("heading", { name: "Nothing is known of gone" }).waitFor();
  expect(await page.getByRole("alert").count()).toBe(0);
});
