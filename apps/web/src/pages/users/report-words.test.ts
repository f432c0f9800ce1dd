import { expect, test } from "vitest";
import { reportSentences, reportWords } from "./report-words.js";

const report = {
  erased: { messages: 1204, user_access: 1, nothing: {} },
  kept: { members: "A pseudonym has the person's place.", audit_entries: "What was done stays provable." },
};

test("counts stand in one line, with what they are of", () => {
  expect(reportWords(report)).toBe("erased: messages 1,204, user access 1");
  expect(reportWords({ files: 12, rows: { profile: 1 } })).toBe("files 12 · rows: profile 1");
});

test("sentences stand by themselves", () => {
  expect(reportSentences(report)).toEqual([
    "A pseudonym has the person's place.",
    "What was done stays provable.",
  ]);
  expect(reportSentences({ files: 12, missing: null })).toEqual([]);
});
