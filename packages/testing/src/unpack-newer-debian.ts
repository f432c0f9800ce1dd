import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface NewerPrograms {
  /** The release of Debian to take them from. */
  release: "trixie" | "forky";
  /** Every package that is needed besides one another's documentation, the C library included. */
  packages: readonly string[];
  /** The folder of the programs in their package, such as `usr/sbin`. */
  path: string;
  /** Folder to download and unpack into. */
  folder: string;
}

const LIBRARIES = "usr/lib/x86_64-linux-gnu";
const KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Fetches programs of a newer Debian than this system's, from where the system has its own packages, and unpacks them with their libraries. Needs no
 * root, installs nothing. Returns a folder for the PATH in which they can be started. Throws when they can't be had.
 */
export async function unpackNewerDebian(programs: NewerPrograms): Promise<string> {
  const bin = path.join(programs.folder, "bin");
  if (existsSync(bin)) return bin;
  const work = `${programs.folder}.${process.pid}`;
  try {
    const files = await fetchPackages(programs, work);
    rmSync(programs.folder, { recursive: true, force: true });
    renameSync(files, programs.folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const libraries = path.join(programs.folder, LIBRARIES);
  mkdirSync(`${bin}.new`);
  for (const name of readdirSync(path.join(programs.folder, programs.path))) {
    // Their C library is newer than the system's, so its loader has to start them.
    const start = `exec "${libraries}/ld-linux-x86-64.so.2" --library-path "${libraries}" "${programs.folder}/${programs.path}/${name}" "$@"`;
    writeFileSync(path.join(`${bin}.new`, name), `#!/bin/sh\n${start}\n`);
    chmodSync(path.join(`${bin}.new`, name), 0o755);
  }
  renameSync(`${bin}.new`, bin);
  return bin;
}

async function fetchPackages({ release, packages }: NewerPrograms, work: string): Promise<string> {
  const [lists, cache, debs, files] = ["lists", "cache", "debs", "files"].map((name) =>
    path.join(work, name),
  );
  if (!lists || !cache || !debs || !files) throw new Error("unreachable");
  for (const folder of [`${lists}/partial`, `${cache}/archives/partial`, debs, `${work}/parts`]) {
    mkdirSync(folder, { recursive: true });
  }
  const { stdout } = await run("apt-get", ["indextargets", "--format", "$(SITE) $(REPO_URI) $(CODENAME)"]);
  const own = stdout
    .split("\n")
    .find((line) => /\/debian\/? /.test(line))
    ?.split(" ")[1];
  if (own === undefined) throw new Error("this system has no packages of Debian");
  writeFileSync(path.join(work, "sources.list"), `deb [signed-by=${KEYS}] ${own} ${release} main\n`);
  const settings = {
    "Dir::Etc::sourcelist": path.join(work, "sources.list"),
    "Dir::Etc::sourceparts": path.join(work, "parts"),
    "Dir::State::Lists": lists,
    "Dir::Cache": cache,
    "Debug::NoLocking": "true",
    "APT::Sandbox::User": "root",
    "Acquire::http::Timeout": "20",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const apt = (args: string[]) => run("apt-get", [...options, ...args], { cwd: debs, maxBuffer: 32 << 20 });
  await apt(["update"]);
  await apt(["download", ...packages.map((name) => `${name}/${release}`)]);
  for (const deb of readdirSync(debs)) await run("dpkg", ["-x", path.join(debs, deb), files]);
  return files;
}
