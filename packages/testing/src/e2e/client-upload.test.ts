import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { createClient, UploadProgress } from "@parley/client";
import type { FileShape } from "@parley/contracts";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser, type TestBrowser } from "../browser/open-browser.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";

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
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  [cluster, browser] = await Promise.all([startTestCluster(), openBrowser()]);
  ({ page } = await browser.open());
  await page.route("**/sdk/**", async (route) => {
    const name = new URL(route.request().url()).pathname.slice("/sdk/".length);
    if (name === "") return route.fulfill({ contentType: "text/html", body: PAGE });
    const body = await readFile(name === "socket.io.js" ? SOCKET_IO : path.join(SDK, name));
    return route.fulfill({ contentType: "text/javascript", body });
  });
  await page.goto(`${cluster.url}/sdk/`);
  await page.waitForFunction("globalThis.sdk !== undefined");
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
}, 60_000);

async function newChat(userId: string): Promise<string> {
  const body = { type: "group", name: "files", member_ids: ["ben"] };
  return (await restClient(cluster.url, { userId }).request<{ id: string }>("POST", "/v1/chat", body)).body
    .id;
}

async function upload(input: { size: number; abortAt?: number }) {
  const chatId = await newChat("ann");
  const told = await page.evaluate(
    async ({ url, chatId, token, size, abortAt }) => {
      const { sdk } = globalThis as unknown as { sdk: { createClient: typeof createClient } };
      const client = sdk.createClient({ url, token: () => token });
      const progress: UploadProgress[] = [];
      const abort = new AbortController();
      const file = new File([new Uint8Array(size).fill(7)], "sevens.bin");
      const onProgress = (step: UploadProgress) => {
        progress.push(step);
        if (abortAt !== undefined && step.sent >= abortAt) abort.abort();
      };
      try {
        const stored = await client.upload(chatId, file, { onProgress, signal: abort.signal });
        return { stored, progress };
      } catch (error) {
        return { code: (error as { code: string }).code, progress };
      } finally {
        await client.close();
      }
    },
    { url: cluster.url, chatId, token: testToken({ userId: "ann" }), ...input },
  );
  const rest = restClient(cluster.url, { userId: "ann" });
  const listed = await rest.request<{ files: FileShape[] }>("GET", `/v1/chat/${chatId}/files`);
  return { ...told, files: listed.body.files };
}

it("a browser uploads a file and tells how far it has got", async () => {
  const { stored, progress, files } = await upload({ size: 5_000_000 });
  expect(stored).toMatchObject({ name: "sevens.bin", size: 5_000_000, uploader_id: "ann" });
  expect(files.map(({ id }) => id)).toEqual([stored?.id]);
  expect(progress.at(-1)).toEqual({ sent: 5_000_000, total: 5_000_000 });
  const sent = progress.map((step) => step.sent);
  expect(sent).toEqual(sent.toSorted((one, other) => one - other));
});

it("an upload that is called off in a browser leaves nothing", async () => {
  const { code, files } = await upload({ size: 9_000_000, abortAt: 1 });
  expect([code, files]).toEqual(["aborted", []]);
});

it("a file that is too large is refused in the server's words", async () => {
  const { code, files } = await upload({ size: 10 * 1024 * 1024 + 1 });
  expect([code, files]).toEqual(["body_too_large", []]);
});
