import { type LookupAddress, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { isPublicAddress } from "./public-address.js";

/** Asks for all addresses of a name. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

/** A name has none but private addresses. Connections fail with this error; its code survives Node's wrapping. */
export const ADDRESS_NOT_PUBLIC = "ADDRESS_NOT_PUBLIC";

/**
 * Makes the `lookup` of an HTTP agent: the name is resolved once, private addresses are struck out, and the connection goes to one of
 * those that were judged. A name that answers differently the next time (DNS rebinding) gains nothing by it. Hosts that the operator
 * named may have any address.
 */
export function createGuardedLookup({
  anyAddress,
  resolve,
}: {
  anyAddress: boolean;
  resolve: Resolve;
}): LookupFunction {
  return (hostname, { all }, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const allowed = addresses.filter(({ address }) => anyAddress || isPublicAddress(address));
        const [first] = allowed;
        if (!first) callback(refusal(hostname), "");
        else if (all) callback(null, allowed);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ""),
    );
  };
}

function refusal(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no public address`), { code: ADDRESS_NOT_PUBLIC });
}

/** What the system says, hosts file included, as any other program would get it. */
export function resolveAll(hostname: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
}
