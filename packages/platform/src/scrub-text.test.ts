import { runInNewContext } from "node:vm";
import { Random } from "@parley/testing";
import { expect, test } from "vitest";
import { scrubText } from "./scrub-text.js";

/** What is meant, plainly: each pattern tries every place of a text, and from there may look through all the rest of it. */
function scrubPlainly(text: string): string {
  let scrubbed = text;
  if (text.includes("://"))
    scrubbed = scrubbed.replace(
      /\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s"'`<>/?#@]*@)?([^\s"'`<>/?#]*)[^\s"'`<>]*/gi,
      (whole, scheme: string, host: string) => (whole === `${scheme}${host}` ? whole : `${scheme}${host}/…`),
    );
  if (text.includes("=")) scrubbed = scrubbed.replace(/\?[^\s"'`<>=]*=[^\s"'`<>]*/g, "?…");
  if (text.includes(" "))
    scrubbed = scrubbed.replace(/\b(Bearer|Basic|vapid|WebPush)\s+[\w.~+/=:,-]+/gi, "$1 …");
  if (text.includes("eyJ")) scrubbed = scrubbed.replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, "…");
  return text.includes("@")
    ? scrubbed.replace(/[^\s"'`<>@=:,;()]+@[^\s"'`<>@]+\.[a-z]{2,}/gi, "…")
    : scrubbed;
}

const PIECES = [
  ...["a", "B", "_", "-", ".", "+", "1", "@", "=", "?", "/", "://", "https://", " ", "\n", '"', "<", ":"],
  ...["(", ",", ";", "#", "eyJ", "eyJa", "Bearer", "Basic ", "vapid", "co", "x.co", "a@b.co", "%", "é", "$1"],
];

/** Whether two that follow each other leave one mark or two does not matter. */
const marksJoined = (text: string) => text.replace(/…+/g, "…");

test("says the same as the plain patterns, whatever is put together", () => {
  const random = new Random(7);
  let changed = 0;
  for (let text = 0; text < 60_000; text++) {
    const words = Array.from({ length: random.between(1, 9) }, () => random.pick(PIECES)).join("");
    const scrubbed = scrubText(words);
    expect(marksJoined(scrubbed), words).toBe(marksJoined(scrubPlainly(words)));
    if (scrubbed !== words) changed++;
  }
  expect(changed).toBeGreaterThan(3_000);
});

test.each(["a@b.co|c@d.org", "a@b.co%2Cc@d.org", "a@b.co&c@d.org/x", "a@b.co-c@d.org+e@f.net"])(
  "leaves nobody's address, however they are strung together: %s",
  (text) => {
    expect(scrubText(`to ${text}`)).toMatch(/^to …(\/x)?$/);
  },
);

test.each([
  ["a scheme that never ends", `${"a.".repeat(500_000)} ://`],
  ["a scheme after other signs", `${"1+".repeat(500_000)} ://`],
  ["queries without a value", `${"?".repeat(1_000_000)} =`],
  ["beginnings of a token", "eyJ-".repeat(250_000)],
  ["tokens of two parts", `${"eyJ-".repeat(250_000)}.${"eyJ-".repeat(250_000)}`],
  ["a name without a host", `${"a".repeat(1_000_000)} @`],
  ["names and signs", "a@".repeat(500_000)],
  ["names and hosts", "a@b.co|".repeat(140_000)],
  ["a host without an end", `a@${"a.".repeat(500_000)}`],
  ["credentials without a value", `Bearer${" ".repeat(1_000_000)}`],
])("goes through a million characters a few times, and not for each of them: %s", (_, text) => {
  const patienceMs = 30_000;
  // With the square of their number, a text takes many times as long as this; code that never comes back is ended.
  expect(() =>
    runInNewContext("scrub(text)", { scrub: scrubText, text }, { timeout: patienceMs }),
  ).not.toThrow();
});
