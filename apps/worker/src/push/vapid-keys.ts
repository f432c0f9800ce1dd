import { createECDH, createPrivateKey, ECDH, type KeyObject } from "node:crypto";
import { isIP } from "node:net";

/** As they stand in the configuration: base64url, and a contact for the operators of push services. */
export interface VapidSettings {
  subject: string;
  publicKey: string;
  privateKey: string;
}

/** Keys that were found to be good. */
export interface VapidKeys {
  subject: string;
  /** 65 bytes in base64url: what browsers subscribe with. */
  publicKey: string;
  signingKey: KeyObject;
}

export interface VapidFault {
  field: keyof VapidSettings;
  /** In words, for the operator; never with the private key in it. */
  problem: string;
}

const CURVE = "prime256v1";
/** Top-level names that no mail or web server has (RFC 6761, RFC 6762, and `internal`). */
const UNREAL_NAMES = /(^|\.)(localhost|local|internal|invalid|test|example)$/;

/**
 * Judges the keys that a process is to sign its pushes with, when it starts: push services tell so only by refusing every push. Returns
 * all faults at once.
 */
export function readVapidKeys(
  settings: VapidSettings,
): { keys: VapidKeys; faults?: never } | { keys?: never; faults: VapidFault[] } {
  const { subject, publicKey, privateKey } = settings;
  const problems: Array<[VapidFault["field"], string | undefined]> = [
    ["subject", problemOfSubject(subject)],
    ["publicKey", problemOfPublicKey(publicKey)],
    ["privateKey", problemOfPrivateKey(privateKey)],
  ];
  const faults = problems.flatMap(([field, problem]) => (problem ? [{ field, problem }] : []));
  const keysAreGood = faults.every(({ field }) => field === "subject");
  if (keysAreGood && publicKeyOf(privateKey).toString("base64url") !== publicKey)
    faults.push({
      field: "publicKey",
      problem: "does not belong to the private key: take both from the same pair",
    });
  if (faults.length > 0) return { faults };
  return { keys: { subject, publicKey, signingKey: signingKeyOf(settings) } };
}

/** Makes a new pair. Whoever changes the keys loses every subscription: browsers bind theirs to the public key. */
export function createVapidKeys(): Pick<VapidSettings, "publicKey" | "privateKey"> {
  const pair = createECDH(CURVE);
  const publicKey = pair.generateKeys("base64url");
  // OpenSSL leaves out leading zeros.
  const privateKey = Buffer.concat([Buffer.alloc(32), pair.getPrivateKey()]).subarray(-32);
  return { publicKey, privateKey: privateKey.toString("base64url") };
}

/** Apple answers 403 BadJwtToken for every one of these; the other services let some of them pass. */
function problemOfSubject(subject: string): string | undefined {
  if (/[\s<>]/.test(subject)) return "must have no blanks and no angle brackets";
  const kind = /^(mailto|https):/.exec(subject)?.[1];
  if (kind === undefined) return "must begin with mailto: or https:";
  if (kind === "mailto") {
    const domain = /^mailto:[^@?,;:/]+@([^@?,;:/]+)$/.exec(subject)?.[1];
    return domain === undefined
      ? "must name one mail address, such as mailto:push@acme.dev"
      : problemOfHost(domain);
  }
  if (!URL.canParse(subject)) return "must be a whole URL, such as https://acme.dev/contact";
  const url = new URL(subject);
  return url.username === "" && url.password === "" ? problemOfHost(url.hostname) : "must hold no password";
}

function problemOfHost(host: string): string | undefined {
  const name = host.toLowerCase();
  if (name.startsWith("[") || isIP(name) !== 0) return `must name a host, not the address ${host}`;
  const labels = name.split(".");
  const isName =
    labels.length > 1 && labels.every((label) => /^[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?$/u.test(label));
  if (!isName || UNREAL_NAMES.test(name)) return `must name a public host, which ${host || "none"} is not`;
  return undefined;
}

function problemOfPublicKey(text: string): string | undefined {
  const problem = problemOfBase64Url(text, 65);
  if (problem) return problem;
  try {
    ECDH.convertKey(text, CURVE, "base64url");
    return Buffer.from(text, "base64url")[0] === 4 ? undefined : "must be an uncompressed point";
  } catch {
    return "is no point of the curve P-256";
  }
}

function problemOfPrivateKey(text: string): string | undefined {
  const problem = problemOfBase64Url(text, 32);
  if (problem) return problem;
  try {
    publicKeyOf(text);
    return;
  } catch {
    return "is no private key of the curve P-256";
  }
}

function problemOfBase64Url(text: string, bytes: number): string | undefined {
  if (text === "") return "is missing";
  if (!/^[\w-]+$/.test(text)) return "must be base64url: letters, digits, - and _, without = at the end";
  const length = Buffer.from(text, "base64url").length;
  return length === bytes ? undefined : `must be ${bytes} bytes, and is ${length}`;
}

function publicKeyOf(privateKey: string): Buffer {
  const pair = createECDH(CURVE);
  pair.setPrivateKey(privateKey, "base64url");
  return pair.getPublicKey();
}

function signingKeyOf({ publicKey, privateKey }: VapidSettings): KeyObject {
  const point = Buffer.from(publicKey, "base64url");
  const x = point.subarray(1, 33).toString("base64url");
  const y = point.subarray(33).toString("base64url");
  return createPrivateKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x, y, d: privateKey } });
}
