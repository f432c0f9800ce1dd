import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { type Ability, lackOf } from "../checker/client-kinds.js";
import { CLIENT_KINDS, createChaosClient, usersByKind } from "./chaos-client-kinds.js";
import { planUsers } from "./plan-chats.js";
import { Recorder } from "./recorder.js";

it("gives half of the users the native contract, a fifth a dialect, and the others the SDK", () => {
  const { native, dialect, sdk } = usersByKind(planUsers(50));
  expect([native.length, dialect.length, sdk.length]).toEqual([25, 10, 15]);
});

it.each(CLIENT_KINDS)("a %s client has a call for everything that it does not say to lack", async (kind) => {
  const folder = mkdtempSync(path.join(tmpdir(), "parley-kinds-"));
  const recorder = new Recorder(path.join(folder, "history.jsonl"), "test");
  const options = { url: "http://127.0.0.1:1", userId: "ann", token: "", recorder, chats: [] };
  const client = createChaosClient(kind, options);
  const calls: Partial<Record<Ability, unknown>> = {
    edit: client.edit,
    delete: client.remove,
    mark: client.mark,
  };
  for (const [ability, call] of Object.entries(calls)) {
    expect([ability, call === undefined]).toEqual([ability, lackOf(kind, ability as Ability) !== undefined]);
  }
  await recorder.close();
  rmSync(folder, { recursive: true });
});
