import jwt from "jsonwebtoken";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const SECRET = "a-secret-of-more-than-thirty-two-bytes";
const lines = { log: [] as string[], error: [] as string[] };

beforeEach(() => {
  lines.log = [];
  lines.error = [];
  vi.resetModules();
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.log.push(line));
  vi.spyOn(console, "error").mockImplementation((line: string) => void lines.error.push(line));
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = 0;
});

test("prints a token and nothing else", async () => {
  await run(["--user", "u1", "--role", "shopper", "--name", "Ada", "--expires", "15m"], {
    JWT_SECRET: SECRET,
  });
  expect(lines.error).toEqual([]);
  expect(lines.log).toHaveLength(1);
  const claims = jwt.verify(lines.log[0] ?? "", SECRET, { algorithms: ["HS256"] }) as jwt.JwtPayload;
  expect(claims).toMatchObject({ sub: "u1", role: "shopper", name: "Ada" });
  expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(15 * 60);
});

test("a token lasts twelve hours and has what the server asks for", async () => {
  const env = { JWT_SECRET: SECRET, JWT_USER_ID_CLAIM: "user_id", JWT_ISSUER: "i", JWT_AUDIENCE: "a" };
  await run(["--user", "u1"], env);
  const claims = jwt.verify(lines.log[0] ?? "", SECRET) as jwt.JwtPayload;
  expect(claims).toMatchObject({ user_id: "u1", role: "user", iss: "i", aud: "a" });
  expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(12 * 60 * 60);
});

test.each<[string[], string, RegExp]>([
  [[], SECRET, /^--user is missing/],
  [["--user", ""], SECRET, /^--user must be/],
  [["--user", "system"], SECRET, /^--user must not be system/],
  [["--user", "u1", "--role", ""], SECRET, /^--role must be/],
  [["--user", "u1", "--expires", "soon"], SECRET, /^--expires must be/],
  [["--user", "u1", "--colour", "red"], SECRET, /--colour/],
  [["--user", "u1"], "", /^JWT_SECRET is missing/],
])("%j is refused in one sentence with the usage", async (args, secret, sentence) => {
  await run(args, { JWT_SECRET: secret });
  expect(process.exitCode).toBe(1);
  expect(lines.log).toEqual([]);
  expect(lines.error.join("\n")).toMatch(sentence);
  expect(lines.error.join("\n")).toContain("Usage: npm run -s token");
});

async function run(args: string[], env: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  vi.spyOn(process, "argv", "get").mockReturnValue(["node", "token.js", ...args]);
  await import("./token.js");
}
