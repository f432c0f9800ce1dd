import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { unpackNewerDebian } from "./unpack-newer-debian.js";

const KEPT = fileURLToPath(new URL("../../../.parley/postgres-tools", import.meta.url));
/** Those of an older version refuse to work with the server of `npm start`. */
const OLDEST = 18;

const PACKAGES = [
  "postgresql-client-18",
  "libpq5",
  "libc6",
  "libssl3t64",
  "liblz4-1",
  "libzstd1",
  "zlib1g",
  "libreadline8t64",
  "libtinfo6",
  "libldap2",
  "libgssapi-krb5-2",
  "libkrb5-3",
  "libk5crypto3",
  "libcom-err2",
  "libkrb5support0",
  "libkeyutils1",
  "libsasl2-2",
];

/** Finds pg_basebackup, pg_verifybackup, pg_dump and pg_restore of a version that fits: a PATH that has them. Throws when there are none to be had. */
export async function findPostgresTools(searched = process.env.PATH ?? ""): Promise<string> {
  if (fits(searched)) return searched;
  const bin = await unpackNewerDebian({
    release: "forky",
    packages: PACKAGES,
    path: "usr/lib/postgresql/18/bin",
    folder: KEPT,
  }).catch((error: Error) => {
    const why = error.message.trim().split("\n").at(-1);
    throw new Error(
      `This needs pg_basebackup and pg_dump of Postgres ${OLDEST}, and none are to be had (${why}): install postgresql-client-${OLDEST} and put it on the PATH.`,
    );
  });
  const found = [bin, searched].join(path.delimiter);
  if (!fits(found)) throw new Error(`The programs in ${bin} do not run here.`);
  return found;
}

function fits(searched: string): boolean {
  const env = { ...process.env, PATH: searched };
  return ["pg_basebackup", "pg_verifybackup", "pg_dump", "pg_restore"].every((name) => {
    const { stdout = "" } = spawnSync(name, ["--version"], { env, encoding: "utf8" });
    return Number(/PostgreSQL\) (\d+)/.exec(stdout ?? "")?.[1]) >= OLDEST;
  });
}
