import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { until } from "@parley/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { buildK6 } from "./build-k6.mjs";
import { findK6 } from "./find-k6.mjs";
import { readArguments } from "./read-arguments.mjs";

const scenarios = ["ramp", "soak"];
const script = resolve(import.meta.dirname, "run.mjs");
const never = new AbortController().signal;
const progress = { step: <T>(_title: string, work: () => Promise<T>) => work() };

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "parley-k6-run-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program of a few lines of shell. */
function program(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(resolve(file, ".."), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe("arguments", () => {
  const read = (...args: string[]) => readArguments(args, { env: {}, scenarios });

  test("are the scenario, the address, the settings and what k6 gets", () => {
    expect(read("ramp")).toEqual({ scenario: "ramp", url: undefined, settings: {}, k6Args: [] });
    expect(
      read("soak", "--url", "http://a.example:1/", "--vus", "5", "-d", "2m", "--quiet", "-e", "PACE_MS=1"),
    ).toEqual({
      scenario: "soak",
      url: "http://a.example:1",
      settings: { VUS: "5", DURATION: "2m" },
      k6Args: ["--quiet", "-e", "PACE_MS=1"],
    });
    expect(read("ramp", "--url=https://a.example", "--vus=7", "--out=json=a=b")).toMatchObject({
      url: "https://a.example",
      settings: { VUS: "7" },
      k6Args: ["--out=json=a=b"],
    });
  });

  test("take the address from BASE_URL, and --url before it", () => {
    const env = { BASE_URL: "http://a.example" };
    expect(readArguments(["ramp"], { env, scenarios }).url).toBe("http://a.example");
    expect(readArguments(["ramp", "--url", "http://b.example"], { env, scenarios }).url).toBe(
      "http://b.example",
    );
  });

  test.each([
    [[], /no scenario named "": ramp, soak/],
    [["rampe"], /no scenario named "rampe"/],
    [["--vus", "3"], /no scenario named "--vus"/],
    [["ramp", "--url"], /--url wants a value/],
    [["ramp", "--url", "chat.example"], /"chat.example" is no address/],
    [["ramp", "--url", "ftp://chat.example"], /is no address/],
  ])("%j is refused", (args, said) => {
    expect(() => read(...args)).toThrow(said);
  });
});

describe("k6", () => {
  const real = 'echo "k6 v1.2.3 (go1.26, linux/amd64)"';

  test("is the one that K6_BIN names, one built before, or the one on the PATH", async () => {
    const named = program("named/k6", real);
    const onPath = program("path/k6", real);
    const env = { PATH: `${join(folder, "path")}:${process.env.PATH}` };
    const find = (more: Record<string, string>) =>
      findK6({ root: folder, env: { ...env, ...more }, signal: never });
    expect(await find({ K6_BIN: named })).toBe(named);
    expect(await find({})).toBe(onPath);
    expect(await findK6({ root: folder, env: { PATH: join(folder, "empty") }, signal: never })).toBe(
      undefined,
    );
  });

  test.each([
    ["too old", 'echo "k6 v0.47.0 (go1.21)"'],
    ["something else", 'echo "a kettle"'],
    ["broken", "exit 3"],
  ])("that is %s is refused", async (name, text) => {
    const env = { ...process.env, K6_BIN: program(`${name}/k6`, text) };
    await expect(findK6({ root: folder, env, signal: never })).rejects.toThrow(/no k6 from version 1 on/);
  });

  test("is built once by Go, and found then", async () => {
    const root = join(folder, "root");
    program(
      "go-works/go",
      `if [ "$1" = install ]; then mkdir -p "$GOBIN"; printf '#!/bin/sh\\n${real}\\n' > "$GOBIN/k6"; chmod 755 "$GOBIN/k6"; fi`,
    );
    const env = { PATH: `${join(folder, "go-works")}:/usr/bin:/bin` };
    const built = await buildK6({ root, env, progress, signal: never });
    expect(built.startsWith(root)).toBe(true);
    expect(await findK6({ root, env, signal: never })).toBe(built);
  });

  test.each([
    ["there is no Go", "", /neither is Go to build it[\s\S]*K6_BIN/],
    [
      "the proxy is out of reach",
      'echo "no such host" >&2; exit 1',
      /out of reach:\nno such host[\s\S]*K6_BIN/,
    ],
    [
      "Go fails",
      '[ "$1" = list ] || { echo "no room" >&2; exit 2; }',
      /could not build[^:]*:\nno room[\s\S]*K6_BIN/,
    ],
  ])("can't be had when %s, and says how it can", async (name, go, said) => {
    if (go) program(`${name}/go`, go);
    const env = { PATH: join(folder, name), HOME: folder };
    const root = join(folder, `${name}-root`);
    await expect(buildK6({ root, env, progress, signal: never })).rejects.toThrow(said);
    expect(existsSync(join(root, ".parley"))).toBe(false);
  });
});

describe("npm run k6", () => {
  /** Starts the command with a k6 that says what it was given. */
  function start(args: string[], env: Record<string, string>) {
    const child = spawn(process.execPath, [script, ...args], { env: { ...process.env, ...env } });
    onTestFinished(() => void child.kill("SIGKILL"));
    let output = "";
    child.stdout.on("data", (text) => {
      output += text;
    });
    child.stderr.on("data", (text) => {
      output += text;
    });
    const ended = once(child, "close").then(([code]) => code as number);
    return { child, ended, output: () => output };
  }

  const target = { JWT_SECRET: "a secret of somewhere" };

  test("gives k6 the script, the address, the settings and its own options, and ends with its code", async () => {
    const K6_BIN = program(
      "says/k6",
      '[ "$1" = version ] && echo "k6 v1.0.0" && exit; echo "args $*"; echo "env $BASE_URL $VUS $JWT_SECRET"; exit 99',
    );
    const run = start(["ramp", "--url", "http://127.0.0.1:9", "--vus", "3", "--quiet"], {
      ...target,
      K6_BIN,
    });
    expect(await run.ended, run.output()).toBe(99);
    expect(run.output()).toMatch(/args run --address {2}--quiet \S+\/scenarios\/ramp\.js/);
    expect(run.output()).toContain("env http://127.0.0.1:9 3 a secret of somewhere");
  });

  test.each(["SIGINT", "SIGTERM"] as const)("passes %s on and waits for k6 to end", async (signal) => {
    const note = join(folder, `${signal}.note`);
    const K6_BIN = program(
      `waits-${signal}/k6`,
      `[ "$1" = version ] && echo "k6 v1.0.0" && exit
       trap 'echo stopped > "${note}"; exit 105' TERM INT
       echo started; while :; do sleep 0.1; done`,
    );
    const run = start(["ramp", "--url", "http://127.0.0.1:9"], { ...target, K6_BIN });
    await until(() => run.output().includes("started"), "k6 runs");
    run.child.kill(signal);
    expect(await run.ended, run.output()).toBe(signal === "SIGINT" ? 130 : 143);
    expect(readFileSync(note, "utf8")).toBe("stopped\n");
  });

  test("wants the secret of an address elsewhere", async () => {
    const K6_BIN = program("never/k6", '[ "$1" = version ] && echo "k6 v1.0.0" && exit; echo started');
    const run = start(["ramp", "--url", "https://chat.example"], { K6_BIN, JWT_SECRET: "" });
    expect(await run.ended, run.output()).toBe(1);
    expect(run.output()).toBe("JWT_SECRET is not set: it must be the secret of https://chat.example.\n");
  });

  test("says which scenarios there are", async () => {
    const run = start(["nothing"], {});
    expect(await run.ended, run.output()).toBe(1);
    expect(run.output()).toContain("contracts, mixed, ramp, reconnect-storm, soak, spike");
  });
});
