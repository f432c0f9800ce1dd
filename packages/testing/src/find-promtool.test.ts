import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findPromtool } from "./find-promtool.js";

function folderWith(script: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "parley-promtool-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, "promtool"), script, { mode: 0o755 });
  return folder;
}

const nothing = async () => "this system has no apt-get";

test("takes the first one on the PATH that runs", async () => {
  const [broken, good] = [folderWith("#!/bin/sh\nexit 1\n"), folderWith("#!/bin/sh\nexit 0\n")];
  const { command } = await findPromtool({ path: [broken, good].join(path.delimiter), fetch: nothing });
  expect(command).toBe(path.join(good, "promtool"));
});

test("says what is missing, why, and what to install", async () => {
  await expect(findPromtool({ path: folderWith("#!/bin/sh\nexit 1\n"), fetch: nothing })).rejects.toThrow(
    "This test needs promtool, which comes with Prometheus, and none is to be had (this system has no apt-get): install it, for example with apt-get install prometheus, and put it on the PATH.",
  );
});
