import type { Page } from "playwright-core";
import { until } from "../until.js";

/** Presses the Tab key until something has the focus whose words, or label, begin so. */
export async function tabTo(page: Page, words: string): Promise<void> {
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press("Tab");
    if ((await focusedWords(page)).startsWith(words)) return;
  }
  throw new Error(`no step of the Tab key leads to “${words}”`);
}

const WORDS =
  "(({ labels, textContent, tagName }) => (labels?.[0]?.textContent || textContent || tagName).trim())(document.activeElement)";

/** Waits until something with these words has the focus, which a page gives after it has shown what it is given for. */
export async function untilFocused(page: Page, words: string): Promise<void> {
  await until(async () => (await focusedWords(page)) === words, `“${words}” has the focus`);
}

/** What stands on what has the focus, or the label of a field. */
function focusedWords(page: Page): Promise<string> {
  return page.evaluate<string>(WORDS);
}
