import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";

/** Stands for kubectl: writes down what it is asked for, and tells conditions of the job, each time the next. */
const KUBECTL = `#!/bin/sh
echo "$*" >> "$FOLDER/asked"
case "$*" in
  *"get statefulset"*) echo statefulset.apps/postgres ;;
  *"get job migrate"*)
    echo x >> "$FOLDER/looks"
    sed -n "$(wc -l < "$FOLDER/looks")p" "$FOLDER/conditions"
    ;;
  *"logs "*) echo "[pod/migrate-1] permission denied for schema public" ;;
  *"describe job"*) echo "BackoffLimitExceeded" ;;
esac
`;

/** Runs the script with a job that goes through these conditions. */
function deploy(conditions: readonly string[]): { status: number | null; said: string; asked: string[] } {
  const folder = mkdtempSync(path.join(tmpdir(), "parley-deploy-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const kubectl = path.join(folder, "kubectl");
  writeFileSync(kubectl, KUBECTL);
  chmodSync(kubectl, 0o755);
  writeFileSync(path.join(folder, "conditions"), `${conditions.join("\n")}\n`);
  const { status, stderr } = spawnSync(
    "sh",
    [path.resolve(import.meta.dirname, "deploy.sh"), "overlays/production"],
    {
      env: { PATH: process.env.PATH, KUBECTL: kubectl, FOLDER: folder, POLL_SECONDS: "0" },
      encoding: "utf8",
      timeout: 60_000,
    },
  );
  return { status, said: stderr, asked: readFileSync(path.join(folder, "asked"), "utf8").trim().split("\n") };
}

const REPLACES = /apply --kustomize overlays\/production$/;

test("processes are replaced when the migration is complete, and not before", () => {
  const { status, said, asked } = deploy(["", "SuccessCriteriaMet", "SuccessCriteriaMet Complete"]);
  expect([status, said]).toEqual([0, ""]);
  const looks = asked.flatMap((words, place) => (words.includes("get job migrate") ? [place] : []));
  expect(looks).toHaveLength(3);
  expect(asked.findIndex((words) => REPLACES.test(words))).toBe((looks.at(-1) ?? 0) + 1);
  expect(asked.slice(-3).map((words) => words.replace(/ --timeout.*/, ""))).toEqual(
    ["api", "worker", "edge"].map((name) => `--namespace parley rollout status deployment/${name}`),
  );
});

test("a migration that fails ends it at once, with its log, and no process is replaced", () => {
  const { status, said, asked } = deploy(["", "FailureTarget", "FailureTarget Failed"]);
  expect(status).toBe(1);
  expect(said).toContain("[pod/migrate-1] permission denied for schema public");
  expect(said).toContain("BackoffLimitExceeded");
  expect(said).toContain("no process was replaced");
  expect(asked.filter((words) => REPLACES.test(words))).toEqual([]);
});
