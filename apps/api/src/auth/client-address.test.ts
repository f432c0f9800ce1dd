import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { expect, it, onTestFinished } from "vitest";
import { createClientAddress } from "./client-address.js";

/** Sends these headers from this machine, and tells what both make of the address. */
async function addressesOf(proxies: string[], forwarded: string | string[] | undefined) {
  const ours = createClientAddress({ TRUST_PROXY: proxies });
  const app = express().set("trust proxy", proxies);
  let ourAddress: string | undefined;
  app.get("/", (asked, response) => void response.send(asked.ip));
  const server = createServer((incoming: IncomingMessage, response) => {
    ourAddress = ours(incoming);
    app(incoming, response);
  });
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const headers = forwarded === undefined ? {} : { "X-Forwarded-For": forwarded };
  const asked = request({ host: "127.0.0.1", port, headers, agent: false }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  let text = "";
  for await (const part of answer) text += String(part);
  return { ours: ourAddress, theirs: text };
}

it.each([
  ["no proxy", ["loopback"], undefined, "127.0.0.1"],
  ["a trusted proxy", ["loopback"], "203.0.113.7", "203.0.113.7"],
  ["what a client wrote before the proxy did", ["loopback"], "198.51.100.1, 203.0.113.7", "203.0.113.7"],
  ["two trusted proxies", ["loopback", "10.0.0.0/8"], "203.0.113.7 , 10.1.2.3", "203.0.113.7"],
  ["several headers", ["loopback", "10.0.0.0/8"], ["203.0.113.7", "10.1.2.3"], "203.0.113.7"],
  ["trusted proxies only", ["loopback", "10.0.0.0/8"], "10.1.2.3", "10.1.2.3"],
  ["nobody trusted", [], "203.0.113.7", "127.0.0.1"],
  ["empty places", ["loopback", "10.0.0.0/8"], "203.0.113.7,, 10.1.2.3,", "203.0.113.7"],
  ["an IPv6 client", ["loopback"], "2001:db8::7", "2001:db8::7"],
  ["nonsense", ["loopback"], "203.0.113.7, x", "x"],
])("the address is the one that Express tells: %s", async (...[, proxies, forwarded, expected]) => {
  expect(await addressesOf(proxies, forwarded)).toEqual({ ours: expected, theirs: expected });
});
