import { type Operation, REST_CATALOGUE } from "@parley/contracts";
import type { Page } from "playwright-core";
import type { Answers } from "./sample/sample-answers.js";

/**
 * Answers a page's calls instead of the server, so that it can be seen in states that a cluster is hard to bring into. What is answered
 * must be what the contract says.
 */
export async function answerCalls(page: Page, answers: Answers): Promise<void> {
  const known = Object.keys(answers).map((route) => ({ route, pattern: patternOf(route) }));
  await page.route("**/v1/**", async (call) => {
    const request = call.request();
    const asked = `${request.method()} ${new URL(request.url()).pathname}`;
    // Fixed words before parameters.
    const found = known
      .filter(({ pattern }) => pattern.test(asked))
      .sort((a, b) => rank(a.route) - rank(b.route))[0];
    if (found === undefined)
      return call.fulfill({ status: 404, json: { code: "route_not_found", detail: asked } });
    await call.fulfill({ json: checked(found.route, answers[found.route]?.()) });
  });
}

const rank = (route: string) => route.split("{").length;

function patternOf(route: string): RegExp {
  return new RegExp(`^${route.replace(/\{\w+\}/g, "[^/]+")}$`);
}

function checked(route: string, answer: unknown): unknown {
  const operations: readonly Operation[] = Object.values(REST_CATALOGUE);
  const operation = operations.find(({ method, path }) => `${method.toUpperCase()} ${path}` === route);
  if (typeof operation?.result === "object") operation.result.parse(answer);
  return answer;
}
