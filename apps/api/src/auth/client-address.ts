import type { IncomingMessage } from "node:http";
import express from "express";

/** Tells the address that a request comes from; undefined when its connection is over. */
export type ClientAddress = (request: IncomingMessage) => string | undefined;

/** Makes what tells the addresses of requests that Express does not see, by Express's own rule: X-Forwarded-For counts as far as proxies are trusted. */
export function createClientAddress({ TRUST_PROXY: proxies }: { TRUST_PROXY: string[] }): ClientAddress {
  const isTrusted = express().set("trust proxy", proxies).get("trust proxy fn") as (
    address: string,
  ) => boolean;
  return (request) => {
    const claimed = (request.headersDistinct["x-forwarded-for"] ?? []).join(",");
    let address = request.socket.remoteAddress;
    // The last one was written by whoever is nearest.
    for (const further of claimed.split(",").reverse()) {
      if (address === undefined || !isTrusted(address)) break;
      address = further.trim() || address;
    }
    return address;
  };
}
