import type { Pool, PoolClient } from "pg";
import type { TracePort } from "../trace-port.js";

/** Enough to know a statement by; they hold placeholders, never values. */
const TEXT_LIMIT = 300;

type Query = (...args: unknown[]) => unknown;

/**
 * Statements that somebody's traced work sends are a part of it: those to the pool, and those on a connection of one's own. The pool passes
 * its own on with a callback, in the course of whatever gave the connection back; these were recorded where they were asked for.
 */
export function traceStatements(pool: Pool, trace: TracePort): void {
  pool.query = traced(pool.query.bind(pool) as Query, trace) as typeof pool.query;
  pool.on("connect", (client: PoolClient) => {
    client.query = traced(client.query.bind(client) as Query, trace) as typeof client.query;
  });
}

function traced(query: Query, trace: TracePort): Query {
  return (...args) => {
    if (typeof args.at(-1) === "function" || trace.here() === undefined) return query(...args);
    const text = textOf(args[0]).replace(/\s+/g, " ").trim();
    const attributes = { "db.system.name": "postgresql", "db.query.text": text.slice(0, TEXT_LIMIT) };
    return trace.run({ name: `postgres ${text.split(" ", 1)[0]}`, kind: "client", attributes }, () =>
      query(...args),
    );
  };
}

function textOf(statement: unknown): string {
  if (typeof statement === "string") return statement;
  const { text } = statement as { text?: unknown };
  return typeof text === "string" ? text : "";
}
