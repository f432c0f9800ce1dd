import type { LookupAddress } from "node:dns";
import { request } from "node:https";
import { type PushService, startPushService } from "@parley/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createGuardedLookup } from "./guarded-lookup.js";

const HOST = "push.acme.dev";
let service: PushService;

beforeAll(async () => {
  service = await startPushService({ tls: true, hostname: HOST });
});
afterAll(() => service.stop());

/** A name server that answers differently each time, and at last always the same. */
function nameServer(...answers: string[][]) {
  let asked = 0;
  const resolve = async (hostname: string): Promise<LookupAddress[]> => {
    expect(hostname).toBe(HOST);
    const addresses = answers[Math.min(asked++, answers.length - 1)] ?? [];
    return addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  };
  return { resolve, asked: () => asked };
}

type Lookup = ReturnType<typeof createGuardedLookup>;

/** Asks the lookup as Node does, for all addresses or for one. */
function ask(lookup: Lookup, all: boolean) {
  return new Promise((resolve, reject) => {
    lookup(HOST, { all }, (error, address) => (error ? reject(error) : resolve(address)));
  });
}

/** The status of a real request over TLS, or the code of its failure. */
function statusBy(lookup: Lookup): Promise<number | string | undefined> {
  return new Promise((resolve) => {
    const options = { method: "POST", lookup, agent: false as const, ca: service.certificate ?? "" };
    request(service.origin, options, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", (error: NodeJS.ErrnoException) => resolve(error.code))
      .end();
  });
}

test("private addresses are struck out", async () => {
  const { resolve } = nameServer(["10.0.0.1", "8.8.8.8", "::ffff:127.0.0.1", "2606:4700::1111"]);
  const lookup = createGuardedLookup({ anyAddress: false, resolve });
  expect(await ask(lookup, true)).toEqual([
    { address: "8.8.8.8", family: 4 },
    { address: "2606:4700::1111", family: 6 },
  ]);
  expect(await ask(lookup, false)).toBe("8.8.8.8");
});

test.each([["127.0.0.1"], ["169.254.169.254"], ["::1"], ["64:ff9b::a00:1"], ["::ffff:7f00:1"]])(
  "a name with no other address than %s is refused",
  async (address) => {
    const lookup = createGuardedLookup({ anyAddress: false, resolve: nameServer([address]).resolve });
    await expect(ask(lookup, true)).rejects.toMatchObject({ code: "ADDRESS_NOT_PUBLIC" });
    await expect(ask(lookup, false)).rejects.toMatchObject({ code: "ADDRESS_NOT_PUBLIC" });
  },
);

test("no connection is made to a private address, where one could be", async () => {
  const before = service.counters().connections;
  const guarded = createGuardedLookup({ anyAddress: false, resolve: nameServer(["127.0.0.1"]).resolve });
  expect(await statusBy(guarded)).toBe("ADDRESS_NOT_PUBLIC");
  expect(service.counters().connections).toBe(before);
  const open = createGuardedLookup({ anyAddress: true, resolve: nameServer(["127.0.0.1"]).resolve });
  expect(await statusBy(open)).toBe(404);
  expect(service.counters().connections).toBe(before + 1);
});

test("a name that changes its mind is asked once for a connection, and that answer is used", async () => {
  // Judged by one answer and connected by another, the second would lead to the service.
  const { resolve, asked } = nameServer(["192.0.2.1", "10.0.0.1"], ["127.0.0.1"]);
  const before = service.counters().connections;
  const lookup = createGuardedLookup({ anyAddress: false, resolve });
  expect(await statusBy(lookup)).toBe("ADDRESS_NOT_PUBLIC");
  expect(asked()).toBe(1);
  expect(await statusBy(lookup)).toBe("ADDRESS_NOT_PUBLIC");
  expect(asked()).toBe(2);
  expect(service.counters().connections).toBe(before);

  const rebinding = nameServer(["127.0.0.1"], ["192.0.2.1"]);
  const pinned = createGuardedLookup({ anyAddress: true, resolve: rebinding.resolve });
  expect(await statusBy(pinned)).toBe(404);
  expect(rebinding.asked()).toBe(1);
});

test("a name that can't be resolved says why", async () => {
  const resolve = () => Promise.reject(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }));
  expect(await statusBy(createGuardedLookup({ anyAddress: false, resolve }))).toBe("ENOTFOUND");
});
