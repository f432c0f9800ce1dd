import { createPublicKey, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import { z } from "zod";

/** A public key with the one algorithm that it may verify here. */
export interface PublicKey {
  key: KeyObject;
  fits: "RS256" | "ES256";
}

export function flag(standard: boolean) {
  return z.stringbool({ error: "must be true or false" }).default(standard);
}

/** Web origins with commas between; each as a browser sends it. */
export function originList() {
  return z.string().default("").transform(commaList).superRefine(reportEach(originFault));
}

/** Addresses, CIDR ranges and Express's names for ranges, with commas between. `none` is the empty list. */
export function addressList({ standard = "loopback" } = {}) {
  return z
    .string()
    .default(standard)
    .transform((text) => (text.trim() === "none" ? [] : commaList(text)))
    .superRefine(reportEach(addressFault));
}

export function pemPublicKey() {
  return z.string().transform((text, context): PublicKey => {
    const key = readPublicKey(text.replaceAll("\\n", "\n"));
    if (key) return key;
    context.addIssue("must be an RSA key of at least 2048 bits or a P-256 key, public, in PEM");
    return z.NEVER;
  });
}

/** What a key may verify here; undefined when nothing. */
export function algorithmOf(key: KeyObject): PublicKey["fits"] | undefined {
  if (key.type !== "public") return undefined;
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === "rsa") return modulusLength >= 2048 ? "RS256" : undefined;
  return key.asymmetricKeyType === "ec" && namedCurve === "prime256v1" ? "ES256" : undefined;
}

function readPublicKey(pem: string): PublicKey | undefined {
  // Node would derive the public key from a private one, which has no place on this server.
  if (/PRIVATE KEY/.test(pem)) return undefined;
  try {
    const key = createPublicKey(pem);
    const fits = algorithmOf(key);
    return fits && { key, fits };
  } catch {
    return undefined;
  }
}

function commaList(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function reportEach(fault: (part: string) => string | undefined) {
  return (parts: string[], context: z.RefinementCtx): void => {
    for (const part of parts) {
      const message = fault(part);
      if (message) context.addIssue({ code: "custom", message });
    }
  };
}

function originFault(part: string): string | undefined {
  const isOrigin =
    URL.canParse(part) && /^https?:$/.test(new URL(part).protocol) && new URL(part).origin === part;
  return isOrigin ? undefined : `"${part}" is no origin such as https://app.example.com (no path, no *)`;
}

function addressFault(part: string): string | undefined {
  if (["loopback", "linklocal", "uniquelocal"].includes(part)) return undefined;
  const [address = "", bits, ...rest] = part.split("/");
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most);
  if (family !== 0 && isRange && rest.length === 0) return undefined;
  // A hop count or "true" believes whatever a client writes into the header when it reaches the server directly.
  return `"${part}" is no address or CIDR range of a proxy; trusting everyone is not possible`;
}
