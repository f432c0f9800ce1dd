import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findCompose } from "./find-compose.js";

function folderWith(programs: Record<string, string>): string {
  const folder = mkdtempSync(path.join(tmpdir(), "parley-compose-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(path.join(folder, name), script, { mode: 0o755 });
  }
  return folder;
}

const broken = "#!/bin/sh\nexit 1\n";
const nothing = async () => "this system has no apt-get";

test("takes what the PATH has and what runs: the program, or docker's own", async () => {
  const good = "#!/bin/sh\nexit 0\n";
  const alone = await findCompose({ path: folderWith({ "docker-compose": good }), fetch: nothing });
  expect([alone.command, alone.args]).toEqual(["docker-compose", []]);
  const both = folderWith({ "docker-compose": broken, docker: `#!/bin/sh\n[ "$1" = compose ]\n` });
  const docker = await findCompose({ path: both, fetch: nothing });
  expect([docker.command, docker.args]).toEqual(["docker", ["compose"]]);
});

test("says what is missing, why, and what to install", async () => {
  await expect(findCompose({ path: folderWith({ docker: broken }), fetch: nothing })).rejects.toThrow(
    "This test needs docker-compose, without an engine, and none is to be had (this system has no apt-get): install it, for example with apt-get install docker-compose, and put it on the PATH.",
  );
});
