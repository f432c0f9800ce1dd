import { mkdirSync } from "node:fs";
import path from "node:path";
import type { BrowserContextOptions } from "playwright-core";
import { startOwnCluster } from "../test-cluster.js";
import { answerCalls } from "./answer-calls.js";
import { openBrowser, type TestBrowser } from "./open-browser.js";
import { sampleAnswers } from "./sample/sample-answers.js";
import { signIn, untilLoaded } from "./sign-in.js";
import { WEB_PAGES } from "./web-pages.js";

interface Picture {
  page: keyof typeof WEB_PAGES;
  /** Where it is not that of a desk in light. */
  look?: BrowserContextOptions;
}

const PHONE = { width: 390, height: 844 };

const PICTURES: Readonly<Record<string, Picture>> = {
  "admin-overview.png": { page: "overview" },
  "admin-cluster.png": { page: "cluster" },
  "admin-queues.png": { page: "queues" },
  "admin-explain.png": { page: "explain" },
  "admin-pushes-dark.png": { page: "pushes", look: { colorScheme: "dark" } },
  "admin-user.png": { page: "user" },
  "admin-engagement.png": { page: "engagement" },
  "admin-phone.png": { page: "cluster", look: { viewport: PHONE } },
};

/** Takes pictures of the dashboard with made-up numbers, and resolves with their names. */
export async function takePictures(folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const [cluster, browser] = await Promise.all([startOwnCluster(), openBrowser()]);
  try {
    for (const [name, picture] of Object.entries(PICTURES)) {
      await take({ browser, url: cluster.url, file: path.join(folder, name) }, picture);
    }
    return Object.keys(PICTURES);
  } finally {
    await Promise.all([cluster.stop(), browser.close()]);
  }
}

async function take(
  { browser, url, file }: { browser: TestBrowser; url: string; file: string },
  { page: name, look = {} }: Picture,
): Promise<void> {
  const { page } = await browser.open({ baseURL: url, timezoneId: "Europe/Berlin", ...look });
  await answerCalls(page, sampleAnswers);
  await signIn(page, WEB_PAGES[name]);
  await untilLoaded(page);
  await page.mouse.move(0, 0);
  await page.screenshot({ path: file, animations: "disabled" });
  await page.context().close();
}
