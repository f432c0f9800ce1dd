import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type Asked,
  answerError,
  deleteObject,
  getObject,
  listBucket,
  postObject,
  putObject,
} from "./object-answers.js";
import { openShelf, type Shelf } from "./object-shelf.js";
import { isSigned } from "./verify-signature.js";

/** A small store that speaks S3 over HTTP, with the bucket in the path; for tests of who talks to one. */
export interface ObjectStore {
  url: string;
  bucket: string;
  keys: { id: string; secret: string };
  /** Names of what is stored, and of uploads in parts that nobody ended. */
  objects(): string[];
  uploads(): string[];
  /** Answers every request with this status from now on; 0 breaks the connections. Undefined: serves again. */
  fail(status: number | undefined): void;
  close(): Promise<void>;
}

/** Starts a store on a free port. Requests that are not signed as they must be are refused. */
export async function startObjectStore(): Promise<ObjectStore> {
  const shelf = await openShelf();
  const bucket = "parley-test";
  const keys = { id: "test-key", secret: "test-secret" };
  let failing: number | undefined;
  const server = createServer((request, response) => {
    if (failing === 0) return void request.socket.destroy();
    if (failing !== undefined) return void refuse(request, response, failing);
    if (!isSigned(request, keys)) return void answerError(response, 403, "SignatureDoesNotMatch");
    serve(shelf, { request, response, bucket }).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket,
    keys,
    objects: () => [...shelf.objects.keys()],
    uploads: () => [...shelf.uploads.values()].map(({ key }) => key),
    fail: (status) => {
      failing = status;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await shelf.clear();
    },
  };
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number): void {
  request.resume();
  answerError(response, status, status === 507 ? "InsufficientStorage" : "InternalError");
}

async function serve(
  shelf: Shelf,
  { request, response, bucket }: { request: IncomingMessage; response: ServerResponse; bucket: string },
): Promise<void> {
  const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://store");
  const [, named, ...rest] = pathname.split("/");
  if (named !== bucket) return answerError(response, 404, "NoSuchBucket");
  const asked: Asked = { request, response, query, key: decodeURIComponent(rest.join("/")) };
  if (asked.key === "") return listBucket(shelf, asked);
  switch (request.method) {
    case "PUT":
      return putObject(shelf, asked);
    case "POST":
      return postObject(shelf, asked);
    case "GET":
      return getObject(shelf, asked);
    case "DELETE":
      return deleteObject(shelf, asked);
    default:
      return answerError(response, 405, "MethodNotAllowed");
  }
}
