import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

export interface SelfSignedCertificate {
  /** PEM: what a client has to trust (`ca`, or `NODE_EXTRA_CA_CERTS`). */
  certificate: string;
  /** PEM. */
  privateKey: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const BOOLEAN = 0x01;
/** Context-specific tags of X.509: version, extensions, and two kinds of alternative names. */
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

const ECDSA_WITH_SHA256 = objectId("2a8648ce3d040302");
const COMMON_NAME = objectId("550403");
const SUBJECT_ALTERNATIVE_NAMES = objectId("551d11");
const BASIC_CONSTRAINTS = objectId("551d13");

/** Makes a certificate on P-256 for 127.0.0.1, `localhost` and `hostname`, valid from yesterday for 30 days; it is its own authority. */
export function createSelfSignedCertificate(hostname: string): SelfSignedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from("push service for tests")))),
  );
  const algorithm = der(SEQUENCE, ECDSA_WITH_SHA256);
  const body = der(
    SEQUENCE,
    der(VERSION, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, Buffer.concat([Buffer.from([0x01]), randomBytes(8)])),
    algorithm,
    name,
    der(SEQUENCE, time(Date.now() - DAY_MS), time(Date.now() + 30 * DAY_MS)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(EXTENSIONS, der(SEQUENCE, constraints(), alternativeNames(hostname))),
  );
  const certificate = der(SEQUENCE, body, algorithm, bitString(sign("sha256", body, privateKey)));
  return {
    certificate: pem(certificate),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function constraints(): Buffer {
  const yes = der(BOOLEAN, Buffer.from([0xff]));
  return der(SEQUENCE, BASIC_CONSTRAINTS, yes, der(OCTET_STRING, der(SEQUENCE, yes)));
}

function alternativeNames(hostname: string): Buffer {
  const names = [...new Set(["localhost", hostname])].filter((name) => name !== "127.0.0.1");
  const encoded = [
    der(IP_ADDRESS, Buffer.from([127, 0, 0, 1])),
    ...names.map((name) => der(DNS_NAME, Buffer.from(name))),
  ];
  return der(SEQUENCE, SUBJECT_ALTERNATIVE_NAMES, der(OCTET_STRING, der(SEQUENCE, ...encoded)));
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/\D/g, "");
  return der(UTC_TIME, Buffer.from(`${digits.slice(2, 14)}Z`));
}

function bitString(bytes: Buffer): Buffer {
  return der(BIT_STRING, Buffer.from([0]), bytes);
}

function objectId(hex: string): Buffer {
  return der(OBJECT_ID, Buffer.from(hex, "hex"));
}

/** One element of ASN.1 in its distinguished encoding: tag, length, content. */
function der(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
