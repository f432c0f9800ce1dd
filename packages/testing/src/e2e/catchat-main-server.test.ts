import { afterAll, beforeAll, expect, it } from "vitest";
import type { MainServer } from "../main-server/main-server.js";
import { startMainServer } from "../main-server/start-main-server.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";
import { until } from "../until.js";

/** The main server owns the users: what CatChat asks it, and what happens when it can't be asked. */

let main: MainServer;
let cluster: TestCluster;

beforeAll(async () => {
  main = await startMainServer();
  for (const account of ["tama", "mike", "shiro"]) {
    main.users.set(account, {
      account,
      nickname: `${account}ちゃん`,
      avatar: `https://cats.example/${account}.png`,
    });
  }
  cluster = await startTestCluster({ USER_DIRECTORY_URL: main.url, USER_DIRECTORY_TOKEN: main.token });
});

afterAll(async () => {
  await cluster.stop();
  await main.stop();
});

async function call(account: string, path: string, body?: object) {
  const response = await fetch(`${cluster.urls[0]}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      Authorization: `Bearer ${testToken({ userId: account })}`,
      "Content-Type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as { code: number; data?: unknown } };
}

const write = (from: string, to: string) => call(from, "/api/chat/messages", { from, to, content: "にゃあ" });

it("a session shows the nickname and the avatar that the main server has", async () => {
  expect((await write("tama", "mike")).status).toBe(200);
  const session = await until(async () => {
    const { body } = await call("mike", "/api/chat/conversations?account=mike");
    const [first] = (body.data as { list: Array<Record<string, unknown>> }).list;
    return first?.nickname === "tamaちゃん" && first;
  }, "the name has come");
  expect(session).toMatchObject({ account: "tama", avatar: "https://cats.example/tama.png" });
});

it("an account that the main server does not know is 404, and no session begins", async () => {
  expect((await write("tama", "shiro")).status).toBe(200);
  // Whom the main server does not answer about in time may be written to; so each try is about somebody else.
  let tries = 0;
  const refused = await until(async () => {
    const { status, body } = await write("tama", `nobody-${++tries}`);
    return status !== 200 && { status, code: body.code };
  }, "the main server has answered in time");
  expect(refused).toEqual({ status: 404, code: 404 });
  const { body } = await call("tama", "/api/chat/conversations?account=tama");
  const { list } = body.data as { list: Array<{ account: string }> };
  const accounts = list.map(({ account }) => account);
  expect(accounts).toEqual(expect.arrayContaining(["mike", "shiro"]));
  expect(accounts).not.toContain(`nobody-${tries}`);
});

it("a main server that can't be asked keeps nobody from writing", async () => {
  await main.stop();
  const accepted = await write("tama", "newcomer");
  expect([accepted.status, accepted.body.code]).toEqual([200, 0]);
  await main.start();
  main.behave("hangs");
  expect((await write("tama", "another")).status).toBe(200);
  main.behave("well");
});
