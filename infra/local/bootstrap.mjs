import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Fault, runCommand } from "./run-command.mjs";

/** The repository's root. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

const pnpmVersion = "10.34.9";
const oldestNode = [20, 19];
const installStamp = path.join(root, "node_modules/.parley-installed");
const buildStamp = path.join(root, "node_modules/.parley-built");

/** Installs the dependencies unless they are there and match the lockfile, then builds what has changed. */
export async function ensureReady({ progress, signal }) {
  checkNode();
  await alone(signal, async () => {
    await ensureInstalled({ progress, signal });
    await ensureBuilt({ progress, signal });
  });
}

/** Brings node_modules up to what the lockfile says; needs only Node and npm. */
export async function ensureInstalled({ progress, signal }) {
  checkNode();
  const wanted = hashOf([
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    ".pnpmfile.cjs",
    "package.json",
    ...packageFolders().map((folder) => `${folder}/package.json`),
  ]);
  if (read(installStamp) === wanted && existsSync(path.join(root, "node_modules/.bin/turbo"))) return;
  await progress.step("dependencies", async () => {
    const command = [
      "npx",
      "--yes",
      `pnpm@${pnpmVersion}`,
      "install",
      "--frozen-lockfile",
      "--config.confirmModulesPurge=false",
    ];
    const { code, output, errors } = await runCommand(command, { cwd: root, env: quietEnv(), signal });
    if (code !== 0) throw failed("The dependencies could not be installed", output + errors);
  });
  writeFileSync(installStamp, wanted);
}

/** Compiles every package whose sources have changed since the last build. */
export async function ensureBuilt({ progress, signal }) {
  const wanted = sourceState();
  if (read(buildStamp) === wanted && packageFolders().every(isBuilt)) return;
  await progress.step("build", async () => {
    const turbo = path.join(root, "node_modules/.bin/turbo");
    const command = [turbo, "run", "build", "--output-logs=errors-only", "--ui=stream"];
    const { code, output, errors } = await runCommand(command, { cwd: root, env: quietEnv(), signal });
    if (code !== 0) throw failed("The build failed", output + errors);
  });
  writeFileSync(buildStamp, wanted);
}

function isBuilt(folder) {
  return existsSync(path.join(root, folder, "dist")) || !existsSync(path.join(root, folder, "src"));
}

/** The environment for the tools of this repository: found first on the PATH, no telemetry, no update notices. */
export function quietEnv() {
  return {
    ...process.env,
    PATH: `${path.join(root, "node_modules/.bin")}${path.delimiter}${process.env.PATH ?? ""}`,
    TURBO_TELEMETRY_DISABLED: "1",
    TURBO_NO_UPDATE_NOTIFIER: "1",
    NO_UPDATE_NOTIFIER: "1",
    npm_config_update_notifier: "false",
    npm_config_fund: "false",
    CHECKPOINT_DISABLE: "1",
  };
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new Fault(
    `Parley needs Node ${oldestNode.join(".")} or newer and this is ${process.version}: install a newer Node and run this again.`,
  );
}

/** Two set-ups in one folder would spoil each other's node_modules: the second waits for the first. */
async function alone(signal, work) {
  const lock = path.join(root, ".parley/setup.lock");
  mkdirSync(path.dirname(lock), { recursive: true });
  for (;;) {
    signal?.throwIfAborted();
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      const owner = Number(read(lock));
      if (!owner || !isAlive(owner)) rmSync(lock, { force: true });
      else await sleep(200, undefined, { signal }).catch(() => undefined);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function packageFolders() {
  return ["apps", "packages"].flatMap((parent) =>
    readdirSync(path.join(root, parent))
      .map((name) => `${parent}/${name}`)
      .filter((folder) => existsSync(path.join(root, folder, "package.json"))),
  );
}

function hashOf(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\0${read(path.join(root, file))}\0`);
  return hash.digest("hex");
}

/** Names, sizes and times of everything the build reads: cheap, and changes whenever a source does. */
function sourceState() {
  const hash = createHash("sha256").update(read(installStamp));
  const folders = packageFolders();
  const files = [
    "turbo.json",
    "tsconfig.base.json",
    ...folders.flatMap((folder) =>
      ["package.json", "tsconfig.json", "vite.config.ts"].map((name) => `${folder}/${name}`),
    ),
  ];
  const sources = [...folders.map((folder) => `${folder}/src`), "prisma"]
    .flatMap(filesBelow)
    .filter((file) => !file.includes("/generated/"));
  for (const file of [...files, ...sources.sort()]) {
    const { mtimeMs, size } = statSync(path.join(root, file), { throwIfNoEntry: false }) ?? {
      mtimeMs: 0,
      size: 0,
    };
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest("hex");
}

function filesBelow(folder) {
  const absolute = path.join(root, folder);
  if (!existsSync(absolute)) return [];
  const entries = readdirSync(absolute, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function failed(what, output) {
  const tail = output.trimEnd().split("\n").slice(-40).join("\n");
  return new Fault(`${tail}\n${what}: the lines above say why.`);
}
