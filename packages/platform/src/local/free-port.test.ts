import { createServer } from "node:net";
import { expect, it, vi } from "vitest";

const random = vi.hoisted(() => ({ next: [] as number[] }));
vi.mock("node:crypto", async (original) => {
  const crypto = await original<typeof import("node:crypto")>();
  const randomInt = (from: number, to: number) => random.next.shift() ?? crypto.randomInt(from, to);
  return { ...crypto, randomInt };
});

const { freePort } = await import("./free-port.js");

it("gives no port twice, though nobody listens on it yet", async () => {
  const port = await freePort();
  random.next = [port, port];
  expect(await freePort()).not.toBe(port);
  expect(random.next).toEqual([]);
});

it("gives none that somebody listens on", async () => {
  const [taken, free] = [await freePort(), await freePort()];
  vi.resetModules();
  const another = await import("./free-port.js");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(taken, "127.0.0.1", resolve));
  random.next = [taken, free];
  expect(await another.freePort()).toBe(free);
  await new Promise((resolve) => server.close(resolve));
});
