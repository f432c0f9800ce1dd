import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import express, { type Express } from "express";
import request from "supertest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guards } from "../http/guards.js";
import { beginState } from "../http/request-state.js";
import { dashboardRouter } from "./dashboard-router.js";
import { readWebBuild, type WebBuild } from "./web-build.js";

let folder: string;
let app: Express;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "parley-web-"));
  mkdirSync(path.join(folder, "assets"));
  writeFileSync(path.join(folder, "index.html"), "<title>the dashboard</title>");
  writeFileSync(path.join(folder, "assets/index-abc.js"), "go()");
  app = serve(readWebBuild(folder));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function serve(build: WebBuild | undefined): Express {
  const app = express();
  app.disable("etag");
  app.use((_request, response, next) => {
    beginState(response, "r");
    next();
  });
  app.use(guards({ NODE_ENV: "test", ALLOWED_ORIGINS: [] } as never), dashboardRouter(build));
  return app;
}

describe("the dashboard's pages", () => {
  it.each(["/admin", "/admin/", "/admin/users/ann%20b", "/admin/no/such/page"])("stand at %s", async (at) => {
    const response = await request(app).get(at).expect(200).expect("Content-Type", /html/);
    expect(response.text).toContain("the dashboard");
    expect(response.headers).toMatchObject({
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
    const policy = response.get("Content-Security-Policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
  });

  it("are sent again only when they have changed", async () => {
    const tag = (await request(app).get("/admin")).get("ETag") ?? "";
    await request(app).get("/admin/users").set("If-None-Match", tag).expect(304);
  });

  it("leave other paths and other methods to others", async () => {
    await request(app).get("/administrators").expect(404);
    await request(app).get("/v1/admin").expect(404);
    await request(app).post("/admin").expect(404);
  });
});

describe("the dashboard's files", () => {
  it("are kept for ever, and what is missing is no page", async () => {
    await request(app)
      .get("/admin/assets/index-abc.js")
      .expect(200)
      .expect("Cache-Control", /immutable/);
    await request(app).get("/admin/assets/index-old.js").expect(404);
    await request(app).get("/admin/assets/..%2findex.html").expect(404);
    await request(app).get("/admin/assets/").expect(404);
  });
});

it("a node without the build says so", async () => {
  expect(readWebBuild(path.join(folder, "nowhere"))).toBeUndefined();
  const response = await request(serve(undefined)).get("/admin").expect(503);
  expect(response.text).toContain("npm run build");
});
