import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type BrowserPage, openBrowser, type TestBrowser } from "../browser/open-browser.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";
import { until } from "../until.js";

let cluster: TestCluster;
let browser: TestBrowser;
let tab: BrowserPage;
let page: Page;

beforeAll(async () => {
  [cluster, browser] = await Promise.all([startTestCluster(), openBrowser()]);
});

afterAll(async () => {
  await Promise.all([cluster?.stop(), browser?.close()]);
});

beforeEach(async () => {
  tab = await browser.open({ baseURL: cluster.urls[0] });
  page = tab.page;
});

async function showToken(token: string): Promise<void> {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
}

const HOUR = 3_600;
const admin = (expiresIn = HOUR) => testToken({ userId: "ops", role: "admin", name: "Olga Ops", expiresIn });
const heading = (name: string) => page.getByRole("heading", { level: 1, name });

it("an administrator comes in, to the page that they asked for", async () => {
  await page.goto("/admin/cluster");
  await heading("Sign in").waitFor();
  await showToken(admin());
  await heading("Cluster").waitFor();
  expect(new URL(page.url()).pathname).toBe("/admin/cluster");
  expect(await page.getByText("Olga Ops").isVisible()).toBe(true);
  await page.reload();
  await heading("Cluster").waitFor();
  expect(tab.complaints).toEqual([]);
});

it.each([
  ["another role", () => testToken({ userId: "ops", role: "user" }), "has the role “user”"],
  ["an expired token", () => admin(-600), "expired 10 min ago"],
  ["what is no token", () => "hello", "This is no token"],
  ["a token of somebody else's", () => `${admin().slice(0, -8)}AAAAAAAA`, "The token is not valid here"],
])("%s is refused, with why", async (_name, token, words) => {
  await page.goto("/admin");
  await showToken(token());
  await page.getByRole("alert").filter({ hasText: words }).waitFor();
  expect(await heading("Sign in").isVisible()).toBe(true);
});

it("the server itself refuses another role, whatever the page thinks", async () => {
  const response = await fetch(new URL("/admin/session", cluster.urls[0]), {
    method: "POST",
    headers: { authorization: `Bearer ${testToken({ userId: "ops", role: "shopper" })}` },
  });
  expect(response.status).toBe(403);
  expect(response.headers.get("set-cookie")).toBeNull();
});

it("the token is in this tab only, and gone after signing out", async () => {
  await page.goto("/admin");
  await showToken(admin());
  await heading("Overview").waitFor();
  const other = await page.context().newPage();
  await other.goto(new URL("/admin", cluster.urls[0]).href);
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await heading("Sign in").waitFor();
  expect(await page.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }])")).not.toContain(
    "eyJ",
  );
  await until(async () => (await page.context().cookies()).length === 0, "the cookie is gone");
});

it("a token that ends sends to the way in, which leads back to the same page", async () => {
  await page.clock.install();
  await page.goto("/admin/users?q=zoe");
  await showToken(admin(HOUR));
  await heading("Users").waitFor();
  await page.clock.fastForward(HOUR * 1_000);
  await page.getByRole("alert").filter({ hasText: "Your token has expired" }).waitFor();
  await showToken(admin(2 * HOUR));
  await heading("Users").waitFor();
  expect(new URL(page.url()).search).toBe("?q=zoe");
});

it("a token that is revoked sends to the way in", async () => {
  await page.goto("/admin/pushes?tab=campaigns");
  await showToken(testToken({ userId: "leaver", role: "admin" }));
  await heading("Pushes").waitFor();
  const rest = restClient(cluster.urls[0], { userId: "ops", role: "admin" });
  expect((await rest.request("PUT", "/v1/admin/users/leaver/block")).status).toBe(200);
  await page.getByRole("alert").filter({ hasText: "blocked" }).waitFor();
  await heading("Sign in").waitFor();
});
