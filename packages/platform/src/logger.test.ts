import { expect, test } from "vitest";
import { createLogger } from "./logger.js";

function capture() {
  const lines: string[] = [];
  const log = createLogger({
    level: "info",
    node: "n1",
    name: "api",
    destination: { write: (line) => void lines.push(line) },
  });
  return { log, text: () => lines.join(""), last: () => JSON.parse(lines.at(-1) ?? "{}") };
}

/** Stands for a key, a token or a text that somebody wrote. */
const SECRET = "hunter2-привет";

test("a line names node and program and has an ISO time and a level in words", () => {
  const { log, last } = capture();
  log.info({ chatId: "c1" }, "hello");
  expect(last()).toMatchObject({ level: "info", node: "n1", name: "api", chatId: "c1", msg: "hello" });
  expect(new Date(last().time).toISOString()).toBe(last().time);
});

test.each([
  { authorization: SECRET },
  { req: { headers: { authorization: SECRET, cookie: SECRET } } },
  { token: SECRET, handshake: { auth: { token: SECRET } } },
  { session: { token: SECRET } },
  { config: { password: SECRET, secret: SECRET } },
  { subscription: { keys: { p256dh: SECRET, auth: SECRET } } },
  { content: SECRET },
  { message: { id: "m1", content: SECRET } },
  { messages: [{ content: SECRET }] },
  { page: { messages: [{ content: SECRET }] } },
  { body: { text: SECRET } },
  { request: { body: SECRET } },
  { endpoint: SECRET, headers: { "X-Gateway-Secret": SECRET } },
  { user: { email: SECRET, phone: SECRET }, access_token: SECRET },
  { query: { q: SECRET }, metadata: { any: SECRET } },
  { notification: { title: SECRET, text: SECRET } },
])("keeps secrets and texts out of %j", (fields) => {
  const { log, text } = capture();
  log.info(fields, "logged by accident");
  log.child(fields).info("bound by accident");
  expect(text()).not.toContain(SECRET);
  expect(text().match(/\[redacted\]/g)?.length).toBeGreaterThanOrEqual(2);
});

test.each([
  [`GET https://push.example/${SECRET} failed`, "GET https://push.example/… failed"],
  [`redis://user:${SECRET}@cache:6379/0 is away`, "redis://cache:6379/… is away"],
  [`no /v1/files/1?token=${SECRET}&email=a@b.example here`, "no /v1/files/1?… here"],
  [`refused: Bearer ${SECRET.slice(0, 7)}`, "refused: Bearer …"],
  [`bad eyJhbGciOiJIUzI1NiJ9.${SECRET.slice(0, 7)}.abc!`, "bad …!"],
  ["mail to zeph+1@mail.example.org failed", "mail to … failed"],
  ["connect ECONNREFUSED 127.0.0.1:5432", "connect ECONNREFUSED 127.0.0.1:5432"],
  ["https://push.example took too long", "https://push.example took too long"],
  ["user=ada is 3 = 3", "user=ada is 3 = 3"],
])("takes out of %j what nobody should read", (written, shown) => {
  const { log, last, text } = capture();
  log.warn({ reason: written, deep: [{ why: written }] }, "failed");
  expect(last()).toMatchObject({ reason: shown, deep: [{ why: shown }] });
  log.error({ err: new Error("outer", { cause: new Error(written) }) }, "failed");
  expect(last().err.cause.message).toBe(shown);
  log.error(new Error(written));
  expect(last()).toMatchObject({ msg: shown, err: { message: shown } });
  expect(text()).not.toMatch(/hunter2|zeph/);
});

test("an error keeps its type, code, stack and causes", () => {
  const { log, last } = capture();
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  log.error({ err: new TypeError("outer", { cause }) }, "failed");
  expect(last().err).toMatchObject({
    type: "TypeError",
    message: "outer",
    cause: { message: "connect ECONNREFUSED", code: "ECONNREFUSED" },
  });
  expect(last().err.stack).toMatch(/^TypeError: outer\n\s+at .*logger\.test/);
  expect(last().err.cause.stack).toContain("logger.test");
});

test("what a database or parser error says about its data stays out, in fields, message, stack and cause", () => {
  const { log, text } = capture();
  const details = { detail: `Failing row contains (${SECRET})`, parameters: [SECRET], where: SECRET };
  const errors = [
    Object.assign(new Error("duplicate key value violates unique constraint"), { code: "23505", ...details }),
    Object.assign(new Error(`invalid input syntax for type uuid: "${SECRET}"`), { code: "22P02" }),
    Object.assign(
      new Error(`Invalid \`prisma.message.create()\`:\n{ content: "${SECRET}" }\n\nArgument missing`),
      {
        name: "PrismaClientValidationError",
      },
    ),
    Object.assign(parseFault(`{"content":"${SECRET}`), { body: SECRET }),
    parseFault(SECRET),
  ];
  for (const error of errors) {
    log.error({ err: error }, "failed");
    log.error({ err: new Error("outer", { cause: error }) }, "failed");
    log.error(error);
    log.error({ problem: error, failed: { err: error, errors: [error] } }, "failed");
    log.error(new AggregateError([error], "several"), "failed");
  }
  expect(text()).not.toContain(SECRET);
  expect(text()).not.toContain("hunter2");
  expect(text()).toContain("duplicate key value");
  expect(text()).toContain("invalid input syntax for type uuid");
  expect(text()).toContain("Argument missing");
});

test("neither bytes nor endless objects get in", () => {
  const { log, text, last } = capture();
  const endless: Record<string, unknown> = { content: SECRET };
  endless.self = endless;
  log.info({ endless, bytes: Buffer.from(SECRET), at: new Date(0) }, "odd");
  expect(last()).toMatchObject({ bytes: "[20 bytes]", at: "1970-01-01T00:00:00.000Z" });
  expect(text()).not.toContain(SECRET);
  expect(endless.content).toBe(SECRET);
});

test("something thrown that is no error is not printed", () => {
  const { log, text } = capture();
  log.error({ err: { anything: SECRET } }, "failed");
  log.error({ err: SECRET }, "failed");
  expect(text()).not.toContain(SECRET);
});

function parseFault(text: string): Error {
  try {
    JSON.parse(text);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("That was JSON.");
}
