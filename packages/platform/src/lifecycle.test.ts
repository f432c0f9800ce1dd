import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test, vi } from "vitest";

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Runs a program made of `runProcess` and `body`, in a process of its own: from the build, because Node can't read the sources. */
function run(body: string, { env = {}, stdin = "ignore" as "ignore" | "pipe" } = {}) {
  const module = new URL("../dist/lifecycle.js", import.meta.url).href;
  const program = `
    import { runProcess } from ${JSON.stringify(module)};
    import { createServer } from "node:http";
    const say = (text) => process.stdout.write(text + "\\n");
    const log = { info: (_, text) => say(text), error: (_, text) => say("error " + text), fatal: (f, text) => say("fatal " + text + ": " + f.err?.message) };
    const alive = () => setInterval(() => undefined, 60_000);
    ${body}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: [stdin, "pipe", "pipe"],
    env: { PATH: process.env.PATH, ...env },
  });
  children.push(child);
  let output = "";
  let errors = "";
  child.stdout?.on("data", (data) => (output += data));
  child.stderr?.on("data", (data) => (errors += data));
  const ended = once(child, "close").then(([code, signal]: unknown[]) => ({
    code: signal ?? code,
    output,
    errors,
  }));
  const said = (text: string) => vi.waitFor(() => expect(output).toContain(text), 60_000);
  return { child, ended, said, output: () => output };
}

test.each(["SIGTERM", "SIGINT"] as const)("%s stops once, in order, with exit code 0", async (signal) => {
  const { child, ended, said } = run(`
    runProcess({ name: "api", log, start: async () => {
      alive();
      say("started");
      return { stop: async (reason) => { say("stop " + reason); await new Promise((go) => setTimeout(go, 50)); say("done"); } };
    } });`);
  await said("started");
  child.kill(signal);
  child.kill(signal);
  const { code, output } = await ended;
  expect(code).toBe(0);
  expect(output.match(/^stop SIG\w+$/gm)).toHaveLength(1);
  expect(output).toMatch(/api is stopping\nstop SIG\w+\ndone\napi has stopped\n$/);
});

test("a signal during the start stops what has started, afterwards", async () => {
  const { child, ended, said } = run(`
    runProcess({ name: "api", log, start: async () => {
      alive();
      say("starting");
      await new Promise((go) => process.once("SIGTERM", () => setTimeout(go, 50)));
      return { stop: async () => say("stopped") };
    } });`);
  await said("starting");
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 0, output: expect.stringContaining("stopped") });
});

test("what doesn't stop in time is ended, with exit code 1", async () => {
  const { child, ended, said } = run(`
    runProcess({ name: "api", log, stopMs: 100, start: async () => {
      alive();
      say("started");
      return { stop: () => new Promise(() => undefined) };
    } });`);
  await said("started");
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 1, output: expect.stringContaining("did not stop in time") });
});

test("a later signal hurries", async () => {
  const { child, ended, said } = run(`
    runProcess({ name: "api", log, stopMs: 600_000, start: async () => {
      alive();
      say("started");
      return { stop: () => new Promise(() => undefined) };
    } });`);
  await said("started");
  const impatience = setInterval(() => child.kill("SIGINT"), 100);
  const { code } = await ended;
  clearInterval(impatience);
  expect(code).toBe(1);
});

test("a stop that fails gives exit code 1", async () => {
  const { child, ended, said } = run(`
    runProcess({ name: "api", log, start: async () => {
      alive();
      say("started");
      return { stop: async () => { throw new Error("stuck"); } };
    } });`);
  await said("started");
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 1, output: expect.stringContaining("did not stop in order") });
});

test.each([
  ["unhandledRejection", `Promise.reject(new Error("nobody caught me"));`],
  ["uncaughtException", `setImmediate(() => { throw new Error("nobody caught me"); });`],
])("%s is logged and stops the process with exit code 1", async (origin, fault) => {
  const { ended } = run(`
    runProcess({ name: "api", log, start: async () => {
      alive();
      ${fault}
      return { stop: async (reason) => say("stop " + reason) };
    } });`);
  const { code, output } = await ended;
  expect(code).toBe(1);
  expect(output).toContain(`(${origin}): nobody caught me`);
  expect(output).toContain(`stop ${origin}`);
});

test.each([
  ["async", `throw new Error("no database\\nin sight")`, "api could not start: no database in sight\n"],
  [
    "a taken port",
    `const one = createServer().listen(0, () => createServer().on("error", fail).listen(one.address().port)); let fail; return new Promise((_, reject) => { fail = reject; })`,
    /^api could not start: port \d+ is taken by another program\n$/,
  ],
])("a failed start (%s) is one line and exit code 1", async (_, body, line) => {
  const { ended } = run(`runProcess({ name: "api", start: async () => { ${body} } });`);
  const { code, errors } = await ended;
  expect(code).toBe(1);
  expect(errors).toMatch(line);
  expect(errors.trim().split("\n")).toHaveLength(1);
});

test("with PARLEY_PARENT_PIPE=1 the end of stdin stops the process; without it nothing does", async () => {
  const program = `
    runProcess({ name: "api", log, start: async () => {
      alive();
      say("started");
      process.on("SIGUSR2", () => say("still here"));
      return { stop: async (reason) => say("stop " + reason) };
    } });`;
  const watching = run(program, { env: { PARLEY_PARENT_PIPE: "1" }, stdin: "pipe" });
  const alone = run(program, { stdin: "pipe" });
  for (const { said, child } of [watching, alone]) {
    await said("started");
    child.stdin?.end();
  }
  expect(await watching.ended).toMatchObject({
    code: 0,
    output: expect.stringContaining("stop parent ended"),
  });
  alone.child.kill("SIGUSR2");
  await alone.said("still here");
  expect(alone.output()).not.toContain("stop");
});

test("watching the parent doesn't keep a process alive that has nothing left to do", async () => {
  const { ended } = run(
    `runProcess({ name: "task", log, start: async () => ({ stop: async () => undefined }) });`,
    {
      env: { PARLEY_PARENT_PIPE: "1" },
      stdin: "pipe",
    },
  );
  expect((await ended).code).toBe(0);
});
