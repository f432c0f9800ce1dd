import { createTestDatabase, type TestDatabase } from "@parley/testing";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isFromThePast, isSnapshot, shortenSnapshot } from "./transaction-snapshot.js";

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

const takenByPostgres = (text: string) =>
  client.query("SELECT $1::pg_snapshot", [text]).then(
    () => true,
    () => false,
  );

it.each([
  ["1:1:", true],
  ["10:20:", true],
  ["10:20:10,14,19", true],
  ["10:20:9", false],
  ["10:20:20", false],
  ["10:20:14,12", false],
  ["20:10:", false],
  ["0:1:", false],
  ["10:20", false],
  ["10:20:,", false],
  ["", false],
])("%s is taken as Postgres takes it: %s", async (text, expected) => {
  expect(isSnapshot(text)).toBe(expected);
  expect(await takenByPostgres(text)).toBe(expected);
});

it("a snapshot with very many open transactions becomes an earlier one that sees less, and never more", async () => {
  const open = Array.from({ length: 60 }, (_, index) => 100 + 2 * index);
  const long = `100:300:${open.join(",")}`;
  const short = shortenSnapshot(long);
  expect(short.length).toBeLessThan(long.length);
  expect(await takenByPostgres(short)).toBe(true);
  const { rows } = await client.query(
    `SELECT count(*) FILTER (WHERE seen_short)::int AS short, count(*) FILTER (WHERE seen_short AND NOT seen_long)::int AS wrong
     FROM (SELECT pg_visible_in_snapshot(x::text::xid8, $1::pg_snapshot) AS seen_short,
       pg_visible_in_snapshot(x::text::xid8, $2::pg_snapshot) AS seen_long FROM generate_series(90, 310) AS g(x)) each`,
    [short, long],
  );
  expect(rows[0].wrong).toBe(0);
  expect(rows[0].short).toBeGreaterThan(40);
  expect(shortenSnapshot("10:20:10,14")).toBe("10:20:10,14");
});

it("a snapshot of another database, which has begun more transactions, is not from the past of this one", () => {
  expect(isFromThePast("10:20:", "15:20:15")).toBe(true);
  expect(isFromThePast("10:21:", "15:20:15")).toBe(false);
});
