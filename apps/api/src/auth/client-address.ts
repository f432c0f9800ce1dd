import type { IncomingMessage } from "node:http";
import express from "express";

/** Tells the address that a request comes from; undefined when its connection is over. */
export type ClientAddress = (request: IncomingMessage) => string | undefined;

/** Makes what tells whether an address is one of these, or in one of these ranges, by Express's own rule. */
export function addressMatch(addresses: string[]): (address: string) => boolean {
  return express().set("trust proxy", addresses).get("trust proxy fn") as (address: string) => boolean;
}

/** Makes what tells the addresses of requests that Express does not see, by Express's own rule: X-Forwarded-For counts as far as proxies are trusted. */
export function createClientAddress({ TRUST_PROXY: proxies }: { TRUST_PROXY: string[] }): ClientAddress {
  const isTrusted = addressMatch(proxies);
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
