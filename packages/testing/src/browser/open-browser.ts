import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { findChromium } from "./find-chromium.js";

export interface BrowserPage {
  page: Page;
  /** What the page has complained of: errors of the console, and what was thrown and caught by nobody. */
  complaints: string[];
}

export interface TestBrowser {
  /** A tab with cookies and storage of its own. */
  open(options?: BrowserContextOptions): Promise<BrowserPage>;
  close(): Promise<void>;
}

const SWITCHES = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const DESKTOP = { width: 1280, height: 800 };

/** As long as tests wait for anything else: a busy machine may take longer than Playwright's own half a minute. */
const PATIENCE_MS = 60_000;

/** Chromium says it of every answer that is no success; whether that is right is for the test to say. */
const REFUSED_ANSWER = /^Failed to load resource: the server responded with a status of/;

/** Starts a real Chromium without a window. */
export async function openBrowser(): Promise<TestBrowser> {
  const { command, env } = await findChromium();
  const browser = await chromium.launch({
    executablePath: command,
    args: SWITCHES,
    headless: true,
    timeout: 2 * PATIENCE_MS,
    env: env as Record<string, string>,
  });
  return {
    open: async (options = {}) => {
      const context = await browser.newContext({ viewport: DESKTOP, locale: "en-GB", ...options });
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" && !REFUSED_ANSWER.test(message.text()))
          complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      return { page, complaints };
    },
    close: () => browser.close(),
  };
}
