import { randomBytes } from "node:crypto";
import { setBlocked } from "@parley/engine";
import { openRawQueues } from "@parley/platform";
import { createTestDatabase, type TestDatabase, testRedisUrl, testToken } from "@parley/testing";
import request from "supertest";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { signToken } from "../auth/sign-token.js";
import { openTestApi, type TestApi } from "../testing/open-test-api.js";

const SECRET = "a-secret-for-tests-that-is-long-enough";
const REDIS_PREFIX = `test-${randomBytes(6).toString("hex")}`;
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

let database: TestDatabase;
let api: TestApi;

const open = (env: Record<string, string> = {}) =>
  openTestApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), env: { REDIS_PREFIX, ...env } });

beforeAll(async () => {
  database = await createTestDatabase();
  api = await open();
});

afterAll(async () => {
  await api?.close();
  await database?.drop();
});

const signIn = (userId: string, role = "admin", to = api) =>
  request(to.app).post("/admin/session").set("Authorization", to.bearer(userId, role));

async function cookieOf(userId: string): Promise<string> {
  const [cookie = ""] = (await signIn(userId).expect(200)).get("Set-Cookie") ?? [];
  return cookie.split(";")[0] ?? "";
}

async function auditOf(action: string): Promise<unknown[]> {
  const path = `/v1/admin/audit?action=${action}`;
  const response = await request(api.app).get(path).set("Authorization", api.bearer("ops", "admin"));
  return response.body.entries;
}

describe("signing in", () => {
  it("lends the browser the token for the page of the queues alone", async () => {
    const response = await signIn("ops").expect(200);
    expect(response.body).toMatchObject({ user_id: "ops", role: "admin", board: true });
    const [cookie = ""] = response.get("Set-Cookie") ?? [];
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(cookie).toMatch(/Path=\/admin\/queues(;|$)/);
    expect(cookie).not.toMatch(/Secure/);
    const expires = Date.parse(/Expires=([^;]+)/.exec(cookie)?.[1] ?? "");
    expect(expires).toBe(Date.parse(response.body.expires_at));
  });

  it("has the cookie go over https only, in production and behind https", async () => {
    const secure = await signIn("ops").set("X-Forwarded-Proto", "https").expect(200);
    expect(secure.get("Set-Cookie")?.[0]).toMatch(/Secure/);
    const production = await open({ NODE_ENV: "production" });
    expect((await signIn("ops", "admin", production).expect(200)).get("Set-Cookie")?.[0]).toMatch(/Secure/);
    await production.close();
  });

  it.each(["user", "system", "shopper"])("is refused to the role %s", async (role) => {
    const response = await signIn("ops", role).expect(403);
    expect(response.body.code).toBe("role_required");
    expect(response.get("Set-Cookie")).toBeUndefined();
  });

  it("is noted in the audit log", async () => {
    await signIn("auditor").expect(200);
    const [entry] = await auditOf("admin.session_began");
    expect(entry).toMatchObject({ actor: { id: "auditor", role: "admin" }, address: expect.any(String) });
  });

  it("is refused without a token, and with the cookie instead of one", async () => {
    expect((await request(api.app).post("/admin/session").expect(401)).body.code).toBe("token_missing");
    const cookie = await cookieOf("ops");
    await request(api.app).post("/admin/session").set("Cookie", cookie).expect(401);
  });

  it("says when a token is too long to be lent", async () => {
    const token = signToken(
      { secret: SECRET, userIdClaim: "sub" },
      { userId: "ops", role: "admin", name: "n".repeat(4000), expires: "1h" },
    );
    const response = await request(api.app).post("/admin/session").set("Authorization", `Bearer ${token}`);
    expect(response.body).toMatchObject({ board: false });
    expect(response.get("Set-Cookie")).toBeUndefined();
  });

  it("ends when the page asks for it, and not when another site does", async () => {
    await request(api.app).delete("/admin/session").set("Sec-Fetch-Site", "cross-site").expect(403);
    const response = await request(api.app).delete("/admin/session").set("Sec-Fetch-Site", "same-origin");
    expect(response.status).toBe(204);
    expect(response.get("Set-Cookie")?.[0]).toMatch(/^parley_admin=; .*Expires=Thu, 01 Jan 1970/);
  });
});

describe("the page of the queues", () => {
  const visit = (cookie: string, path = "/admin/queues") => request(api.app).get(path).set("Cookie", cookie);

  it("is shown to an administrator, with a policy of its own that loads nothing from elsewhere", async () => {
    const cookie = await cookieOf("ops");
    const response = await visit(cookie).expect(200);
    expect(response.text).toContain("Parley queues");
    // Asking somebody else for fonts would tell them who looks at the queues, and when.
    expect(response.text).not.toContain("fonts.");
    expect(response.get("Content-Security-Policy")).toContain("script-src 'self'");
    expect(response.get("Content-Security-Policy")).toContain("frame-ancestors 'none'");
    const script = /src="(static\/js\/[^"]+)"/.exec(response.text)?.[1];
    await visit(cookie, `/admin/queues/${script}`)
      .expect(200)
      .expect("Content-Type", /javascript/);
    const { body } = await visit(cookie, "/admin/queues/api/queues").expect(200);
    expect(body.queues.map(({ name }: { name: string }) => name)).toContain("notifications");
  });

  it("sends visitors without a session to the dashboard, and refuses everybody else", async () => {
    await request(api.app).get("/admin/queues/api/queues").expect(401);
    await request(api.app).get("/admin/queues/static/js/main.js").expect(401);
    await request(api.app)
      .get("/admin/queues")
      .set("Sec-Fetch-Dest", "document")
      .expect(303)
      .expect("Location", "/admin/jobs");
  });

  it("believes no bearer token and no other cookie", async () => {
    await request(api.app)
      .get("/admin/queues/api/queues")
      .set("Authorization", api.bearer("ops", "admin"))
      .expect(401);
    const token = (await cookieOf("ops")).split("=")[1];
    await request(api.app).get("/admin/queues/api/queues").set("Cookie", `other=${token}`).expect(401);
  });

  it("asks each time: an expired token, another role or a blocked person is refused", async () => {
    const sign = (role: string, expires: string) =>
      signToken({ secret: SECRET, userIdClaim: "sub" }, { userId: "ops", role, expires });
    const path = "/admin/queues/api/queues";
    const user = await visit(`parley_admin=${sign("user", "1h")}`, path);
    expect(user.body.code).toBe("role_required");
    const expired = testToken({ userId: "ops", role: "admin", expiresIn: -600 });
    expect((await visit(`parley_admin=${expired}`, path).expect(401)).body.code).toBe("token_expired");

    const cookie = await cookieOf("leaver");
    await visit(cookie, path).expect(200);
    await setBlocked(api.engine, {
      actor: { userId: "ops", role: "admin" },
      userId: "leaver",
      blocked: true,
    });
    await api.refreshAccess();
    expect((await visit(cookie, path).expect(403)).body.code).toBe("user_blocked");
  });

  it("changes a queue for its own pages only", async () => {
    const cookie = await cookieOf("ops");
    const queues = openRawQueues({ names: ["jobs"], redisUrl: testRedisUrl(), log, prefix: REDIS_PREFIX });
    const [queue] = await queues.open();
    const pause = () => request(api.app).put("/admin/queues/api/queues/jobs/pause").set("Cookie", cookie);

    for (const headers of [
      {},
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { "Sec-Fetch-Site": "none" },
      { Origin: "https://evil.example" },
      { Origin: "null" },
    ]) {
      expect((await pause().set(headers).expect(403)).body.code).toBe("origin_not_allowed");
    }
    expect(await queue?.isPaused()).toBe(false);

    await pause().set("Sec-Fetch-Site", "same-origin").expect(200);
    expect(await queue?.isPaused()).toBe(true);
    await request(api.app)
      .put("/admin/queues/api/queues/jobs/resume")
      .set({ Cookie: cookie, Host: "chat.example", Origin: "https://chat.example" })
      .expect(200);
    expect(await queue?.isPaused()).toBe(false);
    expect((await auditOf("queue.jobs_changed")).slice(-2)).toMatchObject([
      { actor: { id: "ops" }, subject: { kind: "queue", id: "jobs" }, detail: { method: "PUT" } },
      { actor: { id: "ops" }, subject: { kind: "queue", id: "jobs" } },
    ]);
    queues.close();
  });

  describe("changes of single jobs", () => {
    const change = async (method: "put" | "post" | "patch", path: string, body = {}) => {
      const cookie = await cookieOf("ops");
      const asked = request(api.app)[method](`/admin/queues/api/queues/${path}`);
      return asked.set({ Cookie: cookie, "Sec-Fetch-Site": "same-origin" }).send(body);
    };
    const openQueue = async () => {
      const queues = openRawQueues({ names: ["jobs"], redisUrl: testRedisUrl(), log, prefix: REDIS_PREFIX });
      onTestFinished(() => queues.close());
      const [queue] = await queues.open();
      if (queue === undefined) throw new Error("the queue is not there");
      return queue;
    };

    it("bring no worker a job or data of somebody's own, and are noted as refused", async () => {
      const queue = await openQueue();
      const job = await queue.add("watched", { from: "Parley" }, { delay: 600_000 });
      const forged = { name: "erase-person", data: { userId: "ann" }, options: {} };
      for (const [method, path, body] of [
        ["post", "jobs/add", forged],
        ["post", "JOBS/add/", forged],
        ["patch", `jobs/${job.id}/update-data`, { jobData: forged.data }],
        ["patch", `jobs/${job.id}/priority`, { priority: 1 }],
        ["patch", "jobs/job-schedulers/tidy", { pattern: "* * * * * *" }],
        ["put", "jobs/job-schedulers/tidy/remove", {}],
        ["put", "jobs/job-schedulers/tidy/run", {}],
        ["put", "jobs/concurrency", { concurrency: 1 }],
        ["put", "jobs/rate-limit", { max: 1, duration: 60_000 }],
        ["put", "jobs/obliterate", { force: true }],
      ] as const) {
        const { status, body: answer } = await change(method, path, body);
        expect([path, status, answer.code]).toEqual([path, 403, "forbidden"]);
      }
      expect(await queue.getJobCountByTypes("wait", "delayed", "prioritized")).toBe(1);
      expect((await queue.getJob(job.id ?? ""))?.data).toEqual({ from: "Parley" });
      const noted = await auditOf("queue.jobs_changed");
      expect(noted).toContainEqual(
        expect.objectContaining({
          outcome: "refused",
          detail: { method: "POST", path: "/api/queues/jobs/add" },
        }),
      );
      await job.remove();
    });

    it("promote and remove a job as before", async () => {
      const queue = await openQueue();
      const job = await queue.add("watched", {}, { delay: 600_000 });
      const isDone = async (path: string) => (await change("put", `jobs/${path}`)).ok;
      expect(await isDone(`${job.id}/promote`)).toBe(true);
      expect(await job.getState()).toBe("waiting");
      expect(await isDone(`${job.id}/clean`)).toBe(true);
      expect(await queue.getJob(job.id ?? "")).toBeUndefined();
      // bull-board leaves jobs of the last seconds.
      const timestamp = Date.now() - 60_000;
      const later = await queue.add("watched", {}, { delay: 600_000, timestamp });
      expect(await isDone("clean/delayed")).toBe(true);
      expect(await queue.getJob(later.id ?? "")).toBeUndefined();
      expect(await isDone("retry/failed")).toBe(true);
    });
  });

  it("says that Redis is away instead of waiting for it", async () => {
    const cookie = await cookieOf("ops");
    const away = await openTestApi({
      databaseUrl: database.url,
      redisUrl: testRedisUrl(),
      env: { REDIS_PREFIX },
      boardRedisUrl: "redis://127.0.0.1:1",
    });
    const response = await request(away.app).get("/admin/queues").set("Cookie", cookie).expect(503);
    expect(response.body.detail).toContain("Redis can't be reached");
    await away.close();
  });
});

describe("ADMIN_DASHBOARD=off", () => {
  it("leaves nothing under /admin", async () => {
    const off = await open({ ADMIN_DASHBOARD: "off" });
    for (const path of ["/admin", "/admin/cluster", "/admin/queues"])
      await request(off.app).get(path).expect(404);
    await signIn("ops", "admin", off).expect(404);
    await off.close();
  });
});
