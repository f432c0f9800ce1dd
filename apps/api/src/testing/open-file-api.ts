import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { FileShape } from "@parley/contracts";
import type { FileStore } from "@parley/engine";
import { hardenServer } from "../http/harden-server.js";
import { openTestApi, type TestApi } from "./open-test-api.js";

export interface Answered<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

export type Problem = { code: string; retryable: boolean; errors?: Array<{ path: string; message: string }> };

/** A node that listens, with a folder of its own for files. */
export interface FileApi extends TestApi {
  url: string;
  port: number;
  folder: string;
  /** A group of the people; the first owns it. */
  openChat(owner?: string, ...others: string[]): Promise<string>;
  /** Uploads as a browser does. */
  upload(
    as: string,
    chat: string,
    file: { bytes: Uint8Array; name?: string; type?: string },
  ): Promise<Answered<FileShape & Problem>>;
  get(as: string | undefined, path: string, headers?: Record<string, string>): Promise<Answered<Buffer>>;
  ask<Body>(as: string, call: string, body?: unknown): Promise<Answered<Body>>;
  /** What lies in the folder and in the table, and what is counted for all people. */
  leftovers(): Promise<{ objects: string[]; rows: number; bytes: number }>;
}

/** Opens one over a migrated database. */
export async function openFileApi(options: {
  databaseUrl: string;
  redisUrl: string;
  env?: Record<string, string>;
  files?: FileStore;
}): Promise<FileApi> {
  const folder = await mkdtemp(path.join(tmpdir(), "parley-files-"));
  const env = {
    REQUESTS_BURST: "10000",
    REQUESTS_PER_MINUTE: "100000",
    STORAGE_PATH: folder,
    ...options.env,
  };
  const api = await openTestApi({ ...options, env });
  const server = createServer(api.app);
  hardenServer(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    ...api,
    url,
    port,
    folder,
    ...callsOf(url, api),
    leftovers: () => leftovers(api, folder),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await api.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function callsOf(url: string, api: TestApi): Pick<FileApi, "ask" | "get" | "openChat" | "upload"> {
  const send = (as: string | undefined, address: string, init: RequestInit) =>
    fetch(new URL(address, url), {
      ...init,
      headers: { ...init.headers, ...(as !== undefined && { authorization: api.bearer(as) }) },
    });
  const ask = async <Body>(as: string, call: string, body?: unknown): Promise<Answered<Body>> => {
    const [method = "GET", address = ""] = call.split(" ");
    const headers = { "content-type": "application/json" };
    const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    return read(await send(as, address, init));
  };
  return {
    ask,
    openChat: async (owner = `owner-${randomUUID()}`, ...others) => {
      const body = { type: "group", name: "files", member_ids: others };
      return (await ask<{ id: string }>(owner, "POST /v1/chat", body)).body.id;
    },
    upload: async (as, chat, { bytes, name = "file.bin", type = "" }) => {
      const form = new FormData();
      form.set("file", new Blob([bytes], { type }), name);
      return read(await send(as, `/v1/chat/${chat}/files`, { method: "POST", body: form }));
    },
    get: async (as, address, headers = {}) => {
      const response = await send(as, address, { headers });
      const body = Buffer.from(await response.arrayBuffer());
      return { status: response.status, headers: response.headers, body };
    },
  };
}

async function leftovers({ engine }: TestApi, folder: string): ReturnType<FileApi["leftovers"]> {
  const { pool } = engine.database;
  const { rows } = await pool.query("SELECT count(*)::int AS rows FROM files");
  const used = await pool.query("SELECT coalesce(sum(bytes), 0)::int AS bytes FROM file_usage");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const objects = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  return { objects, rows: rows[0].rows, bytes: used.rows[0].bytes };
}

async function read<Body>(response: Response): Promise<Answered<Body>> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === "" ? undefined : JSON.parse(text)) as Body,
  };
}
