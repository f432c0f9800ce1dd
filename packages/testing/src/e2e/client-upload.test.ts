import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { createClient, UploadProgress } from "@parley/client";
import type { FileShape } from "@parley/contracts";
import { closeEngine } from "@parley/engine";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser, type TestBrowser } from "../browser/open-browser.js";
import { startTcpProxy, type TcpProxy } from "../chaos/tcp-proxy.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { openTestEngine, type TestEngine } from "../test-engine.js";
import { testToken } from "../test-token.js";
import { until } from "../until.js";

// Browsers send files in another way than Node, because only that tells how far they have got.

const SDK = fileURLToPath(new URL("../../../client/dist/", import.meta.url));
const SOCKET_IO = path.join(
  path.dirname(createRequire(import.meta.url).resolve("socket.io-client/package.json")),
  "dist/socket.io.esm.min.js",
);
const PAGE = `<!doctype html>
<script type="importmap">{"imports": {"socket.io-client": "/sdk/socket.io.js"}}</script>
<script type="module">import * as sdk from "/sdk/index.js"; globalThis.sdk = sdk;</script>`;

let cluster: TestCluster;
/** Between the browser and the cluster, so that an upload can be caught on its way. */
let wire: TcpProxy;
let database: TestEngine;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  [cluster, browser] = await Promise.all([startTestCluster(), openBrowser()]);
  database = openTestEngine(cluster.databaseUrl);
  wire = await startTcpProxy(Number(new URL(cluster.url).port));
  ({ page } = await browser.open());
  await page.route("**/sdk/**", async (route) => {
    const name = new URL(route.request().url()).pathname.slice("/sdk/".length);
    if (name === "") return route.fulfill({ contentType: "text/html", body: PAGE });
    const body = await readFile(name === "socket.io.js" ? SOCKET_IO : path.join(SDK, name));
    return route.fulfill({ contentType: "text/javascript", body });
  });
  await page.goto(`http://127.0.0.1:${wire.port}/sdk/`);
  await page.waitForFunction("globalThis.sdk !== undefined");
});

afterAll(async () => {
  await browser?.close();
  await wire?.stop();
  if (database !== undefined) await closeEngine(database.engine);
  await cluster?.stop();
});

async function newChat(userId: string): Promise<string> {
  const body = { type: "group", name: "files", member_ids: ["ben"] };
  return (await restClient(cluster.url, { userId }).request<{ id: string }>("POST", "/v1/chat", body)).body
    .id;
}

interface Outcome {
  stored?: FileShape;
  code?: string;
  progress: UploadProgress[];
}

async function upload({ size, chatId }: { size: number; chatId: string }): Promise<Outcome> {
  return page.evaluate(
    async ({ url, chatId, token, size }) => {
      const { sdk } = globalThis as unknown as { sdk: { createClient: typeof createClient } };
      const client = sdk.createClient({ url, token: () => token });
      const progress: UploadProgress[] = [];
      const way = new AbortController();
      Object.assign(globalThis, { callOff: () => way.abort() });
      const file = new File([new Uint8Array(size).fill(7)], "sevens.bin");
      const onProgress = (step: UploadProgress) => void progress.push(step);
      try {
        return { stored: await client.upload(chatId, file, { onProgress, signal: way.signal }), progress };
      } catch (error) {
        return { code: (error as { code: string }).code, progress };
      } finally {
        await client.close();
      }
    },
    { url: `http://127.0.0.1:${wire.port}`, chatId, token: testToken({ userId: "ann" }), size },
  );
}

async function listedFiles(chatId: string): Promise<string[]> {
  const rest = restClient(cluster.url, { userId: "ann" });
  const { body } = await rest.request<{ files: FileShape[] }>("GET", `/v1/chat/${chatId}/files`);
  return body.files.map(({ id }) => id);
}

/** Files that are on their way or stored. */
async function countFiles(chatId: string): Promise<number> {
  const { rows } = await database.engine.database.pool.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM files WHERE chat_id = $1 AND deleted_at IS NULL",
    [chatId],
  );
  return rows[0]?.count ?? 0;
}

it("a browser uploads a file and tells how far it has got", async () => {
  const chatId = await newChat("ann");
  const { stored, progress } = await upload({ size: 5_000_000, chatId });
  expect(stored).toMatchObject({ name: "sevens.bin", size: 5_000_000, uploader_id: "ann" });
  expect(await listedFiles(chatId)).toEqual([stored?.id]);
  expect(progress.at(-1)).toEqual({ sent: 5_000_000, total: 5_000_000 });
  const sent = progress.map((step) => step.sent);
  expect(sent).toEqual(sent.toSorted((one, other) => one - other));
});

it("an upload that is called off in a browser leaves nothing", async () => {
  const chatId = await newChat("ann");
  wire.choke(1_000_000);
  const outcome = upload({ size: 9_000_000, chatId });
  await until(async () => (await countFiles(chatId)) === 1, "the server has begun to take the file");
  await page.evaluate("callOff()");
  wire.join();
  expect(await outcome).toMatchObject({ code: "aborted" });
  await until(async () => (await countFiles(chatId)) === 0, "the server has let go of the file");
  expect(await listedFiles(chatId)).toEqual([]);
});

it("what holds an upload up does not lose it", async () => {
  const chatId = await newChat("ann");
  wire.choke(1_000_000);
  const outcome = upload({ size: 9_000_000, chatId });
  await until(async () => (await countFiles(chatId)) === 1, "the server has begun to take the file");
  wire.join();
  expect((await outcome).stored).toMatchObject({ size: 9_000_000 });
});

it("a file that is too large is refused in the server's words", async () => {
  const chatId = await newChat("ann");
  const { code } = await upload({ size: 10 * 1024 * 1024 + 1, chatId });
  expect([code, await listedFiles(chatId)]).toEqual(["body_too_large", []]);
});
