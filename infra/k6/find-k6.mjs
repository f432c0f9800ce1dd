import { existsSync } from "node:fs";
import path from "node:path";
import { Fault, runCommand } from "../local/run-command.mjs";

/** The version that is built where none is found. Any k6 from the oldest major version on runs the scenarios. */
export const k6Version = "v1.8.1";
const oldestMajor = 1;

/** For people who have none. */
export const howToGetK6 = [
  "k6 can be had in three ways:",
  "  - a binary from https://github.com/grafana/k6/releases on the PATH, or named by K6_BIN;",
  "  - a package: https://grafana.com/docs/k6/latest/set-up/install-k6/;",
  `  - Go (https://go.dev/dl) on the PATH with its module proxy in reach: then "npm run k6" builds k6 ${k6Version} by itself, once.`,
].join("\n");

/**
 * The file of the k6 to run: K6_BIN, the one that was built before into `.parley/k6`, or the one on the PATH; undefined when there is none. Throws a Fault for one
 * that can't be used.
 */
export async function findK6({ root, env, signal }) {
  const built = builtK6(root);
  const file = env.K6_BIN || (existsSync(built) ? built : findOnPath("k6", env));
  if (!file) return undefined;
  const { code, output, errors } = await runCommand([file, "version"], { env, signal });
  const [, major] = /^k6(?:\.exe)? v(\d+)\./.exec(output) ?? [];
  if (code === 0 && Number(major) >= oldestMajor) return file;
  const said = (output + errors).trim().split("\n")[0] ?? "";
  throw new Fault(`${file} is no k6 from version ${oldestMajor} on: it says "${said}".\n${howToGetK6}`);
}

/** Where a k6 that was built here is kept. */
export function builtK6(root) {
  return path.join(root, ".parley/k6", k6Version, "k6");
}

/** The first file of that name in the PATH's folders. */
export function findOnPath(name, { PATH = "" }) {
  return PATH.split(path.delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => path.join(folder, name))
    .find((file) => existsSync(file));
}
