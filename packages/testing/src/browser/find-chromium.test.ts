import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findChromium } from "./find-chromium.js";

function folderWith(name: string, script: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "parley-chromium-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, name), script, { mode: 0o755 });
  return folder;
}

const nothing = async () => "this system has no apt-get";

test("takes the first one on the PATH that runs, under any of its names", async () => {
  const broken = folderWith("chromium", "#!/bin/sh\nexit 1\n");
  const good = folderWith("google-chrome", "#!/bin/sh\nexit 0\n");
  const { command } = await findChromium({ path: [broken, good].join(path.delimiter), fetch: nothing });
  expect(command).toBe(path.join(good, "google-chrome"));
});

test("says what is missing, why, and what to install", async () => {
  const broken = folderWith("chromium", "#!/bin/sh\nexit 1\n");
  await expect(findChromium({ path: broken, fetch: nothing })).rejects.toThrow(
    "This test needs Chromium, and none is to be had (this system has no apt-get): install it, for example with apt-get install chromium, and put it on the PATH.",
  );
});
