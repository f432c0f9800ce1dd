import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readBody } from "./push-service/read-body.js";

/** A span as a collector gets it. */
export interface CollectedSpan {
  service: string;
  node: string;
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  /** Ids of the spans that it is linked with. */
  links: string[];
  attributes: Record<string, string | number | boolean>;
  failure: string | undefined;
}

export interface SpanCollector {
  /** What `OTEL_EXPORTER_OTLP_ENDPOINT` is set to. */
  url: string;
  spans: CollectedSpan[];
  /** The headers of each request. */
  headers: Array<NodeJS.Dict<string | string[]>>;
  /** Every text that came, as it came. */
  raw: string[];
  close(): Promise<void>;
}

const BODY_LIMIT = 8 * 1024 * 1024;
const FAILED = 2;

/** Stands for the collector that a company runs: takes traces as OTLP over HTTP, in JSON, and keeps them. */
export async function startSpanCollector(): Promise<SpanCollector> {
  const collected: Omit<SpanCollector, "url" | "close"> = { spans: [], headers: [], raw: [] };
  const server = createServer(async (request, response) => {
    const body = await readBody(request, BODY_LIMIT);
    if (request.method !== "POST" || request.url !== "/v1/traces" || body === null) {
      response.writeHead(404).end();
      return;
    }
    const text = body.bytes.toString("utf8");
    collected.headers.push(request.headers);
    collected.raw.push(text);
    collected.spans.push(...spansOf(JSON.parse(text) as Export));
    response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    ...collected,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number | string; boolValue?: boolean; doubleValue?: number };
}

/** As much of OTLP as is looked at. */
interface Export {
  resourceSpans: Array<{
    resource: { attributes: Attribute[] };
    scopeSpans: Array<{
      spans: Array<{
        name: string;
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        links?: Array<{ spanId: string }>;
        attributes: Attribute[];
        status?: { code?: number; message?: string };
      }>;
    }>;
  }>;
}

function spansOf({ resourceSpans }: Export): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const origin = read(resource.attributes);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        service: String(origin["service.name"]),
        node: String(origin["service.instance.id"]),
        name: span.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId || undefined,
        links: (span.links ?? []).map(({ spanId }) => spanId),
        attributes: read(span.attributes),
        failure: span.status?.code === FAILED ? (span.status.message ?? "") : undefined,
      })),
    );
  });
}

function read(attributes: Attribute[]): Record<string, string | number | boolean> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? Number(value.intValue ?? value.doubleValue),
    ]),
  );
}
