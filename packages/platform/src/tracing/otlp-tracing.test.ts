import { setTimeout as sleep } from "node:timers/promises";
import { startSpanCollector } from "@parley/testing";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { createLogger } from "../logger.js";
import { startTracing } from "./start-tracing.js";
import { NO_TRACING, type Tracing, tracing } from "./tracing.js";
import { tracingConfigFields } from "./tracing-config.js";

const schema = z.object(tracingConfigFields);
const SERVICE = { name: "parley-test", node: "test-1" };

let traced: Tracing = NO_TRACING;

afterEach(async () => {
  await traced.close();
  await startTracing(schema.parse({}), SERVICE);
});

async function startWith(fields: Record<string, string>) {
  const collector = await startSpanCollector();
  traced = await startTracing(
    schema.parse({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...fields }),
    SERVICE,
  );
  return collector;
}

test("without a collector nothing is traced", async () => {
  expect(await startTracing(schema.parse({}), SERVICE)).toBe(NO_TRACING);
  tracing().run({ name: "work", kind: "server" }, () => expect(tracing().here()).toBeUndefined());
});

test("work within work is its child, across waits; calls to others are only recorded within work", async () => {
  const collector = await startWith({});
  await tracing().run({ name: "alone", kind: "client" }, async () => undefined);
  await tracing().run({ name: "outer", kind: "server" }, async (open) => {
    await sleep(1);
    await tracing().run({ name: "inner", kind: "client" }, async () => undefined);
    open.rename("renamed");
  });
  await traced.close();
  const [inner, outer] = collector.spans;
  expect(collector.spans).toHaveLength(2);
  expect(inner).toMatchObject({ name: "inner", parentSpanId: outer?.spanId });
  expect(outer).toMatchObject({ name: "renamed", service: "parley-test", node: "test-1" });
  await collector.close();
});

test("failed work is marked by its code and not by its message", async () => {
  const collector = await startWith({});
  const failure = Object.assign(new Error("a text that must not leave"), { code: "23505" });
  await expect(tracing().run({ name: "fails", kind: "server" }, () => Promise.reject(failure))).rejects.toBe(
    failure,
  );
  expect(() =>
    tracing().run({ name: "throws", kind: "server" }, () => {
      throw failure;
    }),
  ).toThrow(failure);
  await traced.close();
  expect(collector.spans.map(({ failure }) => failure)).toEqual(["23505", "23505"]);
  expect(collector.raw.join("")).not.toContain("must not leave");
  await collector.close();
});

test("the share that is recorded also holds for traces that callers name, and what isn't recorded costs no spans below", async () => {
  const collector = await startWith({ OTEL_TRACES_SAMPLER_ARG: "0" });
  const from = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  tracing().run({ name: "asked for", kind: "server", from }, () => {
    expect(tracing().here()).toBeUndefined();
    tracing().run({ name: "below", kind: "client" }, () => undefined);
  });
  await traced.close();
  expect(collector.spans).toEqual([]);
  await collector.close();
});

test("a collector that is away costs spans and nothing else", async () => {
  traced = await startTracing(schema.parse({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" }), SERVICE);
  expect(tracing().run({ name: "work", kind: "server" }, () => 7)).toBe(7);
  await traced.close();
});

test("a log line that belongs to a recorded trace names it", async () => {
  const collector = await startWith({});
  const lines: string[] = [];
  const log = createLogger({
    level: "info",
    node: "n",
    name: "test",
    destination: { write: (line) => void lines.push(line) },
  });
  log.info({}, "outside");
  tracing().run({ name: "work", kind: "server" }, () => log.info({}, "inside"));
  await traced.close();
  const [outside, inside] = lines.map((line) => JSON.parse(line) as { trace_id?: string });
  expect(outside?.trace_id).toBeUndefined();
  expect(inside?.trace_id).toBe(collector.spans[0]?.traceId);
  await collector.close();
});

test("nobody's shared work is in nobody's trace", async () => {
  const collector = await startWith({});
  tracing().run({ name: "somebody's", kind: "server" }, () =>
    tracing().runShared({ name: "shared", kind: "client" }, [], () => {
      expect(tracing().here()).toBeUndefined();
    }),
  );
  await traced.close();
  expect(collector.spans.map(({ name }) => name)).toEqual(["somebody's"]);
  await collector.close();
});
