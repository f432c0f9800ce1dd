import type { Page } from "playwright-core";
import { testToken } from "../test-token.js";
import { until } from "../until.js";

/** Comes into the dashboard as an administrator would, at a page of it. */
export async function signIn(page: Page, path = "/admin"): Promise<void> {
  await page.goto(path);
  await page.getByLabel("Token").fill(testToken({ userId: "ops", role: "admin", name: "Olga Ops" }));
  await page.getByRole("button", { name: "Sign in" }).click();
  // On a phone the menu is there and not shown.
  await page.locator("#side").waitFor({ state: "attached" });
}

/** Waits until a page shows what it was asked for, and no placeholder of it. */
export async function untilLoaded(page: Page): Promise<void> {
  const isLoaded = "document.querySelector('h1') !== null && document.querySelector('.bones') === null";
  await until(() => page.evaluate<boolean>(isLoaded), "the page has loaded");
}
