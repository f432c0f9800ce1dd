import { mkdtemp, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createLogger, parseConfig } from "@parley/platform";
import { createTestDevice } from "@parley/testing";
import { expect, test } from "vitest";
import { startApi } from "./app.js";
import { apiConfigSchema } from "./config.js";
import { endpointPolicyOf } from "./push-config.js";

const configOf = (env: Record<string, string>) =>
  parseConfig(apiConfigSchema, {
    DATABASE_URL: "postgresql://127.0.0.1:1/none",
    REDIS_URL: "redis://127.0.0.1:1",
    JWT_SECRET: "a-secret-for-tests-that-is-long-enough",
    ...env,
  });

test("without variables there are no pushes, and only the known push services are allowed", () => {
  const config = configOf({});
  expect([config.VAPID_PUBLIC_KEY, config.NOTIFICATION_TEMPLATES_DIR]).toEqual([undefined, undefined]);
  expect(endpointPolicyOf(config)).toEqual({ mode: "known", allowedHosts: [], production: false });
});

test("the policy for endpoints is what the variables say", () => {
  const config = configOf({
    NODE_ENV: "production",
    PUSH_ENDPOINTS: "open",
    PUSH_ALLOWED_HOSTS: "push.acme.dev:8443",
  });
  const { mode, allowedHosts, production } = endpointPolicyOf(config);
  expect([mode, allowedHosts.map(({ host }) => host), production]).toEqual(["open", ["push.acme.dev"], true]);
});

const { p256dh } = createTestDevice().keys;

test.each([
  ["VAPID_PUBLIC_KEY", p256dh.slice(0, -2)],
  ["VAPID_PUBLIC_KEY", `A${p256dh.slice(1)}`],
  ["VAPID_PUBLIC_KEY", "B".repeat(87)],
  ["PUSH_ALLOWED_HOSTS", "https://push.acme.dev/path"],
  ["PUSH_ENDPOINTS", "all"],
])("%s=%s is refused", (name, value) => {
  expect(() => configOf({ [name]: value })).toThrow(name);
  expect(configOf({ VAPID_PUBLIC_KEY: p256dh }).VAPID_PUBLIC_KEY).toBe(p256dh);
});

test("a node does not start with faulty texts, and names the faults", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "parley-templates-"));
  await writeFile(path.join(folder, "en.json"), '{"no.such": "x"}');
  const log = createLogger({ level: "silent", node: "test", name: "api" });
  const starting = startApi(configOf({ NOTIFICATION_TEMPLATES_DIR: folder }), log);
  await expect(starting).rejects.toThrow("no.such is no text of a notification");
});
