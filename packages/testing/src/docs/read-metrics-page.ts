import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A metric as docs/metrics.md has it. */
export interface DocumentedMetric {
  name: string;
  type: string;
  /** Without `node` and `process`, which all have; sorted. */
  labels: string[];
}

export interface MetricsPage {
  /** What an API node registers, by name and sorted. */
  api: DocumentedMetric[];
  worker: DocumentedMetric[];
  /** Every label of the chapter about labels. */
  labels: Set<string>;
}

const PAGE = fileURLToPath(new URL("../../../../docs/metrics.md", import.meta.url));
const ROW = /^\| `(\w+)` \| (\w+) \| (.*?) \| (.+?) \| (.+) \|$/gm;

/** Reads the tables of docs/metrics.md. */
export function readMetricsPage(): MetricsPage {
  const chapters = readFileSync(PAGE, "utf8").split(/^## /m);
  const chapter = (heading: string) => chapters.find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const metrics = (...headings: string[]) =>
    headings
      .flatMap((heading) => [...chapter(heading).matchAll(ROW)])
      .map(([, name = "", type = "", labels = ""]) => ({ name, type, labels: names(labels).toSorted() }))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const labelRows = [...chapter("Labels").matchAll(/^\| (`.*?`) \|/gm)];
  return {
    api: metrics("Both", "API nodes", "Node's own"),
    worker: metrics("Both", "Workers", "Node's own"),
    labels: new Set(labelRows.flatMap(([, cell = ""]) => names(cell))),
  };
}

const names = (cell: string) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
