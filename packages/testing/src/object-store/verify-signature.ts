import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

const HEADER =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** Whether a request is signed with the secret as AWS Signature Version 4 says, its body's digest included. */
export function isSigned(request: IncomingMessage, keys: { id: string; secret: string }): boolean {
  const match = HEADER.exec(request.headers.authorization ?? "");
  if (match === null) return false;
  const [, id, day = "", region = "", names = "", signature = ""] = match;
  const signed = ["host", "x-amz-content-sha256", "x-amz-date"].every((name) =>
    names.split(";").includes(name),
  );
  if (id !== keys.id || !signed) return false;
  const time = headerOf(request, "x-amz-date");
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", time, scope, sha256(canonicalRequest(request, names))].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<string | Buffer>(
    (secret, part) => createHmac("sha256", secret).update(part).digest(),
    `AWS4${keys.secret}`,
  );
  const expected = createHmac("sha256", key).update(text).digest();
  return timingSafeEqual(expected, Buffer.from(signature, "hex"));
}

function canonicalRequest(request: IncomingMessage, names: string): string {
  const url = new URL(request.url ?? "/", "http://store");
  const query = [...url.searchParams]
    .map(([name, value]) => `${percentEncoded(name)}=${percentEncoded(value)}`)
    .sort()
    .join("&");
  const headers = names.split(";").map((name) => `${name}:${headerOf(request, name)}\n`);
  return [
    request.method,
    url.pathname,
    query,
    headers.join(""),
    names,
    headerOf(request, "x-amz-content-sha256"),
  ].join("\n");
}

function headerOf(request: IncomingMessage, name: string): string {
  return String(request.headers[name] ?? "")
    .trim()
    .replace(/ +/g, " ");
}

function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
