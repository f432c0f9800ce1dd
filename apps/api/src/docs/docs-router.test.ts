import {
  asyncApiDocument,
  COMMAND_CATALOGUE,
  DISCONNECT_REASONS,
  ERROR_CODES,
  type Operation,
  openApiDocument,
  REST_CATALOGUE,
  SOCKET_EVENTS,
} from "@parley/contracts";
import express from "express";
import request from "supertest";
import { describe, expect, it } from "vitest";
import { docsRouter } from "./docs-router.js";
import { schemaExample } from "./schema-example.js";
import { parleyVersion } from "./version.js";

const app = express().disable("etag").use(docsRouter());
const paths = ["/docs", "/docs/rest", "/docs/socket", "/docs/errors"];
const openApi = openApiDocument({ version: parleyVersion() });
const asyncApi = asyncApiDocument({ version: parleyVersion() });

async function pageText(path: string): Promise<string> {
  const response = await request(app).get(path).expect(200).expect("Content-Type", /html/);
  return response.text;
}

function idsOf(text: string): Set<string> {
  return new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id ?? ""));
}

describe("the pages under /docs", () => {
  it.each(paths)("%s needs no inline script or style, and says so", async (path) => {
    const response = await request(app).get(path);
    const policy = response.get("Content-Security-Policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(response.text).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:/i);
    expect(response.text).not.toMatch(/(?:src|<link[^>]*href)="(?!\/docs\/)/);
  });

  it("lead only to places that exist", async () => {
    const texts = new Map(
      await Promise.all(paths.map(async (path) => [path, await pageText(path)] as const)),
    );
    for (const [path, text] of texts) {
      const links = [...text.matchAll(/<a [^>]*?href="([^"]*)"/g)].map(([, href]) => href ?? "");
      expect(links.length).toBeGreaterThan(5);
      for (const link of links) {
        const { pathname, hash } = new URL(link, `http://parley.test${path}`);
        const target = texts.get(pathname);
        if (target === undefined) await request(app).get(pathname).expect(200);
        else if (hash !== "") expect(idsOf(target), `${path} -> ${link}`).toContain(hash.slice(1));
      }
    }
  });

  it("describe every call, command, event, error code and reason to disconnect", async () => {
    expect([...idsOf(await pageText("/docs/rest"))]).toEqual(
      expect.arrayContaining(Object.keys(REST_CATALOGUE)),
    );
    const socket = [...idsOf(await pageText("/docs/socket"))];
    expect(socket).toEqual(
      expect.arrayContaining(Object.keys(COMMAND_CATALOGUE).map((name) => `receive_${name}`)),
    );
    expect(socket).toEqual(expect.arrayContaining(Object.keys(SOCKET_EVENTS).map((name) => `send_${name}`)));
    expect(await pageText("/docs/errors")).toContain(
      "it sends <code>connection_ending</code> with the reason",
    );
    const errors = [...idsOf(await pageText("/docs/errors"))];
    expect(errors).toEqual(expect.arrayContaining(Object.keys(ERROR_CODES)));
    expect(errors).toEqual(
      expect.arrayContaining(Object.keys(DISCONNECT_REASONS).map((reason) => `disconnect-${reason}`)),
    );
  });

  it("have no id twice", async () => {
    for (const path of paths) {
      const ids = [...(await pageText(path)).matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
      expect(ids.length, path).toBe(new Set(ids).size);
    }
  });

  it("are sent again only when they have changed", async () => {
    const first = await request(app).get("/docs/rest");
    await request(app)
      .get("/docs/rest")
      .set("If-None-Match", first.get("ETag") ?? "")
      .expect(304);
  });
});

describe("what else is under /docs", () => {
  it("gives the documents to machines", async () => {
    expect((await request(app).get("/docs/openapi.json").expect(200)).body).toEqual(openApi);
    expect((await request(app).get("/docs/asyncapi.json").expect(200)).body).toEqual(asyncApi);
  });

  it("lets the browser keep the assets that the pages name", async () => {
    const text = await pageText("/docs");
    const assets = [...text.matchAll(/"(\/docs\/assets\/[^"]+)"/g)].map(([, url]) => url ?? "");
    expect(assets.length).toBeGreaterThanOrEqual(3);
    for (const url of assets)
      await request(app)
        .get(url)
        .expect(200)
        .expect("Cache-Control", /immutable/);
  });

  it("leaves unknown paths to others", async () => {
    await request(app).get("/docs/assets/../../package.json").expect(404);
    await request(app).get("/docs/nothing").expect(404);
  });
});

describe("the examples of the pages", () => {
  it.each(Object.entries(REST_CATALOGUE) as [string, Operation][])(
    "show what %s answers",
    (_name, operation) => {
      if (operation.result === undefined || operation.result === "file") return;
      const response = openApi.paths[operation.path]?.[operation.method]?.responses[String(operation.status)];
      const media = response && "content" in response ? response.content?.["application/json"] : undefined;
      const example = schemaExample(media?.schema ?? {}, openApi.components.schemas);
      expect(operation.result.safeParse(example).error).toBeUndefined();
    },
  );

  it.each(Object.entries(SOCKET_EVENTS))("show what %s carries", (name, { payload }) => {
    const schema = asyncApi.components.messages[`event_${name}`]?.payload ?? {};
    expect(payload.safeParse(schemaExample(schema, asyncApi.components.schemas)).error).toBeUndefined();
  });
});
