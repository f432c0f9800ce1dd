import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A program and what its environment needs to run it. */
export interface Program {
  command: string;
  env: NodeJS.ProcessEnv;
}

export interface DebianProgram {
  /** The package that has it. */
  package: string;
  /** Further packages, where that one is an empty one that only asks for them. */
  companions?: string[];
  /** Where it lies in its package, such as `usr/bin/redis-server`. */
  path: string;
  /** Folder to download and unpack into. */
  folder: string;
  /** Ends the download early. */
  signal?: AbortSignal | undefined;
}

interface Fetch {
  program: DebianProgram;
  /** Folder the packages are downloaded into. */
  folder: string;
  /** Where apt looks for its package lists, as options of its own. */
  lists: string[];
}

/**
 * Downloads a program of the distribution and the libraries that this system lacks, and unpacks them into a folder. Needs no root,
 * installs nothing and starts no service. Returns why not when it can't.
 */
export async function unpackDebianProgram(program: DebianProgram): Promise<Program | string> {
  const unpacked = path.join(program.folder, "files");
  if (!existsSync(unpacked)) {
    for (const tool of ["apt-get", "dpkg"]) {
      if (spawnSync("which", [tool], { stdio: "ignore" }).status !== 0) return `this system has no ${tool}`;
    }
    const problem = await fetchInto(unpacked, program).catch((error: Error) => lastLine(error.message));
    if (problem) return problem;
  }
  const command = path.join(unpacked, program.path);
  if (!existsSync(command)) return `its package has no /${program.path}`;
  const libraries = ["usr/lib", "lib"].flatMap((parent) => libraryFolders(path.join(unpacked, parent)));
  const searched = [...libraries, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  return { command, env: { ...process.env, LD_LIBRARY_PATH: searched } };
}

/** Works in a folder of its own and renames it at the end, so that an interrupted run leaves nothing half-made in place. */
async function fetchInto(unpacked: string, program: DebianProgram): Promise<void> {
  const work = `${unpacked}.${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  const folder = path.join(work, "packages");
  mkdirSync(folder, { recursive: true });
  try {
    const fetch: Fetch = { program, folder, lists: [] };
    await downloadPackages(fetch).catch(async () => {
      program.signal?.throwIfAborted();
      await downloadPackages(await refreshLists(fetch, path.join(work, "apt")));
    });
    const files = path.join(work, "files");
    for (const name of readdirSync(folder).filter((name) => name.endsWith(".deb"))) {
      await run("dpkg", ["-x", path.join(folder, name), files]);
    }
    if (!existsSync(unpacked)) renameSync(files, unpacked);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The system's package lists may be missing or out of date: this fetches private ones and leaves the system's alone. */
async function refreshLists(fetch: Fetch, folder: string): Promise<Fetch> {
  mkdirSync(path.join(folder, "lists/partial"), { recursive: true });
  mkdirSync(path.join(folder, "cache/archives/partial"), { recursive: true });
  const lists = ["-o", `Dir::State::Lists=${folder}/lists`, "-o", `Dir::Cache=${folder}/cache`];
  await apt({ ...fetch, lists }, ["update"]);
  return { ...fetch, lists };
}

/** A simulated installation names exactly the packages this system lacks. */
async function downloadPackages(fetch: Fetch): Promise<void> {
  const { package: name, companions = [] } = fetch.program;
  const plan = await apt(fetch, ["install", "--simulate", "--no-install-recommends", name]);
  const lacking = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, missing]) => missing ?? "");
  await apt(fetch, ["download", ...new Set([...lacking, name, ...companions])]);
}

async function apt({ program: { signal }, folder, lists }: Fetch, args: string[]): Promise<string> {
  const settings = [
    "Acquire::http::Timeout=20",
    "Acquire::Retries=1",
    "APT::Sandbox::User=root",
    "Debug::NoLocking=true",
  ];
  const { stdout } = await run(
    "apt-get",
    [...settings.flatMap((setting) => ["-o", setting]), ...lists, ...args],
    {
      cwd: folder,
      env: { ...process.env, LC_ALL: "C" },
      maxBuffer: 32 << 20,
      timeout: 300_000,
      ...(signal ? { signal } : {}),
    },
  );
  return stdout;
}

function libraryFolders(parent: string): string[] {
  if (!existsSync(parent)) return [];
  const below = readdirSync(parent, { recursive: true, withFileTypes: true });
  return [...new Set(below.filter((entry) => entry.name.includes(".so")).map((entry) => entry.parentPath))];
}

function lastLine(message: string): string {
  return message.trim().split("\n").at(-1)?.replace(/^E: /, "").replace(/\.$/, "") ?? "";
}
