import axe from "axe-core";
import type { Page } from "playwright-core";

interface AxeResults {
  violations: Array<{ id: string; help: string; nodes: Array<{ html: string; failureSummary?: string }> }>;
}

/** What on a page keeps people out: axe's rules of WCAG 2.2 A and AA and of good practice, one line for each fault. */
export async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  })`);
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary = "" }) => `${id}: ${help}: ${html.slice(0, 160)} ${failureSummary}`),
  );
}
