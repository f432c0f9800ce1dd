import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Program, unpackDebianProgram } from "@parley/platform/local";

const KEPT = fileURLToPath(new URL("../../../.parley/openssl-program", import.meta.url));

/** Makes a key and a certificate for 127.0.0.1 that signs itself, `tls.key` and `tls.crt` in the folder. Throws where there is no openssl to be had. */
export async function makeTestCertificate(folder: string): Promise<{ key: string; certificate: string }> {
  const { command, env } = await findOpenssl();
  const [key, certificate] = [path.join(folder, "tls.key"), path.join(folder, "tls.crt")];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  execFileSync(command, ["req", ...kind, ...name, "-keyout", key, "-out", certificate], {
    env,
    stdio: "ignore",
  });
  return { key, certificate };
}

async function findOpenssl(): Promise<Program> {
  const installed = { command: "openssl", env: process.env };
  if (runs(installed)) return installed;
  mkdirSync(KEPT, { recursive: true });
  const found = await unpackDebianProgram({ package: "openssl", path: "usr/bin/openssl", folder: KEPT });
  if (typeof found !== "string" && runs(found)) return found;
  const why = typeof found === "string" ? found : "the one of the distribution does not run";
  throw new Error(`This test needs openssl, and none is to be had (${why}): install it.`);
}

function runs({ command, env }: Program): boolean {
  return spawnSync(command, ["version"], { env, stdio: "ignore" }).status === 0;
}
