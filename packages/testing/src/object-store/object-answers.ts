import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Shelf, Shelved } from "./object-shelf.js";

/** One request for one object, or for the bucket when the key is empty. */
export interface Asked {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  key: string;
}

const PAGE = 3;

function answerXml(response: ServerResponse, status: number, xml: string): void {
  response
    .writeHead(status, { "content-type": "application/xml" })
    .end(`<?xml version="1.0" encoding="UTF-8"?>${xml}`);
}

export function answerError(response: ServerResponse, status: number, code: string): void {
  answerXml(response, status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}

/** Stores an object, or a part of one. */
export async function putObject(shelf: Shelf, { request, response, query, key }: Asked): Promise<void> {
  const upload = shelf.uploads.get(query.get("uploadId") ?? "");
  if (query.has("uploadId") && upload === undefined) return answerError(response, 404, "NoSuchUpload");
  const shelved = await shelf.take(request);
  if (request.headers["x-amz-content-sha256"] !== shelved.sha256) {
    await shelf.drop(shelved);
    return answerError(response, 400, "XAmzContentSHA256Mismatch");
  }
  if (upload) upload.parts.set(Number(query.get("partNumber")), shelved);
  else await replace(shelf, key, shelved);
  response.writeHead(200, { etag: `"${shelved.md5}"` }).end();
}

/** Begins an upload in parts, or completes one. */
export async function postObject(shelf: Shelf, { request, response, query, key }: Asked): Promise<void> {
  request.resume();
  if (query.has("uploads")) {
    const id = randomUUID();
    shelf.uploads.set(id, { key, at: new Date(), parts: new Map() });
    const result = `<Key>${key}</Key><UploadId>${id}</UploadId>`;
    return answerXml(
      response,
      200,
      `<InitiateMultipartUploadResult>${result}</InitiateMultipartUploadResult>`,
    );
  }
  const id = query.get("uploadId") ?? "";
  const upload = shelf.uploads.get(id);
  if (upload === undefined) return answerError(response, 404, "NoSuchUpload");
  const parts = [...upload.parts].sort(([one], [other]) => one - other).map(([, part]) => part);
  // As Amazon: every part but the last has at least 5 MiB.
  if (parts.slice(0, -1).some(({ size }) => size < 5 * 1024 * 1024))
    return answerError(response, 400, "EntityTooSmall");
  const whole = await shelf.join(parts);
  await replace(shelf, key, whole);
  await abort(shelf, id);
  answerXml(
    response,
    200,
    `<CompleteMultipartUploadResult><Key>${key}</Key><ETag>"${whole.md5}"</ETag></CompleteMultipartUploadResult>`,
  );
}

export async function getObject(shelf: Shelf, { request, response, key }: Asked): Promise<void> {
  const object = shelf.objects.get(key);
  if (object === undefined) return answerError(response, 404, "NoSuchKey");
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  const first = Number(range?.[1] ?? 0);
  const last = Math.min(Number(range?.[2] ?? object.size - 1), object.size - 1);
  if (range && first >= object.size) return answerError(response, 416, "InvalidRange");
  response.writeHead(range ? 206 : 200, {
    "content-length": object.size === 0 ? 0 : last - first + 1,
    etag: `"${object.md5}"`,
  });
  if (object.size === 0) response.end();
  else
    await pipeline(createReadStream(object.file, { start: first, end: last }), response).catch(
      () => undefined,
    );
}

export async function deleteObject(shelf: Shelf, { response, query, key }: Asked): Promise<void> {
  const id = query.get("uploadId");
  if (id !== null) {
    if (!shelf.uploads.has(id)) return answerError(response, 404, "NoSuchUpload");
    await abort(shelf, id);
  } else {
    await shelf.drop(shelf.objects.get(key));
    shelf.objects.delete(key);
  }
  response.writeHead(204).end();
}

/** Lists objects, or the uploads under way, in short pages, so that a client which reads only one is found out. */
export function listBucket(shelf: Shelf, { response, query }: Asked): void {
  const prefix = query.get("prefix") ?? "";
  const isUploads = query.has("uploads");
  const entries: Array<[string, { key: string; at: Date }]> = isUploads
    ? [...shelf.uploads].map(([id, { key, at }]) => [id, { key, at }])
    : [...shelf.objects].map(([key, { at }]) => [key, { key, at }]);
  const after = query.get(isUploads ? "upload-id-marker" : "continuation-token") ?? "";
  const rest = entries
    .filter(([id, { key }]) => key.startsWith(prefix) && id > after)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const page = rest.slice(0, PAGE);
  const [last] = page.at(-1) ?? [];
  const isTruncated = rest.length > page.length;
  const truncated = `<IsTruncated>${isTruncated}</IsTruncated>`;
  const rows = page.map(([id, { key, at }]) =>
    isUploads
      ? `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${at.toISOString()}</Initiated></Upload>`
      : `<Contents><Key>${key}</Key><LastModified>${at.toISOString()}</LastModified></Contents>`,
  );
  const [name, next] = isUploads
    ? [
        "ListMultipartUploadsResult",
        `<NextKeyMarker>x</NextKeyMarker><NextUploadIdMarker>${last}</NextUploadIdMarker>`,
      ]
    : ["ListBucketResult", `<NextContinuationToken>${last}</NextContinuationToken>`];
  answerXml(response, 200, `<${name}>${truncated}${isTruncated ? next : ""}${rows.join("")}</${name}>`);
}

async function replace(shelf: Shelf, key: string, shelved: Shelved): Promise<void> {
  await shelf.drop(shelf.objects.get(key));
  shelf.objects.set(key, shelved);
}

async function abort(shelf: Shelf, id: string): Promise<void> {
  for (const part of shelf.uploads.get(id)?.parts.values() ?? []) await shelf.drop(part);
  shelf.uploads.delete(id);
}
