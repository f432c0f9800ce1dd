import { expect, it } from "vitest";
import { retentionPolicyOf } from "./archive-config.js";
import { workerConfigSchema } from "./config.js";
import { schedulesOf } from "./schedules.js";

const read = (env: Record<string, string>) =>
  workerConfigSchema.safeParse({ DATABASE_URL: "postgresql://x", REDIS_URL: "redis://x", ...env });
const policyOf = (env: Record<string, string>) => {
  const { data } = read(env);
  return data && retentionPolicyOf(data);
};
const problemsOf = (env: Record<string, string>) =>
  read(env).error?.issues.map(({ path, message }) => `${path}: ${message}`);

it("archives and deletes nothing unless it is told to", () => {
  expect(policyOf({})).toEqual({ archiveAfterDays: { order: 0, direct: 0, group: 0 }, purgeAfterDays: 0 });
});

it("takes the retention of a type, also that of never, before the one for all", () => {
  const env = { ARCHIVE_AFTER_DAYS: "30", ARCHIVE_AFTER_DAYS_ORDER: "7", ARCHIVE_AFTER_DAYS_DIRECT: "0" };
  expect(policyOf(env)?.archiveAfterDays).toEqual({ order: 7, direct: 0, group: 30 });
  expect(policyOf({ ARCHIVE_AFTER_DAYS_GROUP: "365" })?.archiveAfterDays).toEqual({
    order: 0,
    direct: 0,
    group: 365,
  });
});

it("refuses to delete what would not be archived by then", () => {
  const env = { ARCHIVE_AFTER_DAYS: "30", ARCHIVE_AFTER_DAYS_ORDER: "90" };
  expect(problemsOf({ ...env, ARCHIVE_DELETE_AFTER_DAYS: "90" })).toEqual([
    "ARCHIVE_DELETE_AFTER_DAYS: must be more than 90, after which messages are archived",
  ]);
  expect(policyOf({ ...env, ARCHIVE_DELETE_AFTER_DAYS: "91" })?.purgeAfterDays).toBe(91);
  expect(problemsOf({ ARCHIVE_AFTER_DAYS: "-1" })).toEqual([expect.stringContaining("ARCHIVE_AFTER_DAYS: ")]);
});

it("runs as often as is set", () => {
  const { data } = read({ ARCHIVE_EVERY_SECONDS: "60" });
  expect(data && schedulesOf(data).find(({ id }) => id === "archive.run")).toMatchObject({ everyMs: 60_000 });
});
