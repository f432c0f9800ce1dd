import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { TEST_JWT_SECRET } from "../test-token.js";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterAll(async () => {
  await cluster?.stop();
});

/** The shell blocks of a chapter, as one script. */
function shellOf(chapter: string): string {
  const readme = readFileSync(`${ROOT}/README.md`, "utf8");
  const text = readme.split(/^## /m).find((part) => part.startsWith(`${chapter}\n`)) ?? "";
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((block) => block[1]).join("\n");
}

/** Where a reader waits for what they are told to see, a busy machine takes its time. */
const SLEEP = `
  to_come=("ben listens on" "stored as message 3")
  sleep() {
    until grep -q "\${to_come[0]}" "$TOLD"; do command sleep 0.1; done
    to_come=("\${to_come[@]:1}")
  }
  exec > "$TOLD"
`;

it("the README's five minutes work as written", async () => {
  const [first, second] = cluster.urls;
  const script = shellOf("Five minutes")
    .replaceAll("http://127.0.0.1:8081", first)
    .replaceAll("http://127.0.0.1:8082", second);
  expect(script).toContain(first);
  expect(script).toContain(second);
  expect(script.match(/^sleep \d+$/gm)).toHaveLength(2);
  const folder = mkdtempSync(path.join(tmpdir(), "parley-tour-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const told = path.join(folder, "told.txt");
  await promisify(execFile)("bash", ["-e", "-m", "-c", SLEEP + script], {
    cwd: ROOT,
    env: { ...process.env, JWT_SECRET: TEST_JWT_SECRET, TOLD: told },
    timeout: 150_000,
  });
  const stdout = readFileSync(told, "utf8");
  expect(stdout).toContain(`ben listens on ${second}`);
  expect(stdout).toContain("2. ann: Are you there?");
  expect(stdout).toContain("stored as message 3");
  const history = JSON.parse(stdout.slice(stdout.lastIndexOf('{"messages"')).split("\n")[0] ?? "");
  expect(history.messages.map((message: { content: string }) => message.content)).toEqual([
    "Ready to shop.",
    "Are you there?",
    "Yes, on another node.",
  ]);
});
