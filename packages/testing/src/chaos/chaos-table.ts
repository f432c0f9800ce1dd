import type { ScenarioResult } from "./run-scenario.js";

/** The columns of the table; "lost" is what was not stored and what a member never came to know. */
const COLUMNS: Array<{ title: string; of: (result: ScenarioResult) => string | number }> = [
  { title: "scenario", of: ({ name }) => name },
  { title: "sends", of: ({ verdict }) => verdict.figures.sends },
  { title: "acks", of: ({ verdict }) => verdict.figures.acks },
  { title: "lost", of: ({ verdict: { counts } }) => counts.lost + counts.absent },
  { title: "doubled", of: ({ verdict: { counts } }) => counts.doubled },
  { title: "disordered", of: ({ verdict: { counts } }) => counts.disordered + counts.gap },
  { title: "missed", of: ({ verdict: { counts } }) => counts.missed },
  { title: "other", of: ({ verdict: { counts } }) => otherFindings(counts) },
  { title: "failed sends", of: ({ verdict: { counts } }) => counts.failed },
  { title: "refusals", of: ({ verdict }) => verdict.figures.refusals },
  { title: "longest gap", of: ({ verdict }) => seconds(verdict.figures.longestGapMs) },
  { title: "longest silence", of: ({ verdict }) => seconds(verdict.figures.longestSilenceMs) },
  { title: "longest ack", of: ({ verdict }) => seconds(verdict.figures.longestAckMs) },
  { title: "crashes", of: ({ crashes }) => crashes },
  { title: "kept", of: ({ kept }) => (kept ? "yes" : "NO") },
];

/** The results as a Markdown table that a terminal can show too. */
export function chaosTable(results: readonly ScenarioResult[]): string {
  const rows = [
    COLUMNS.map(({ title }) => title),
    ...results.map((result) => COLUMNS.map(({ of }) => String(of(result)))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(
    (row) => `| ${row.map((cell, column) => pad(cell, { column, widths })).join(" | ")} |`,
  );
  const rule = `|${widths.map((width, column) => `-${"-".repeat(width)}${column === 0 ? "-" : ":"}`).join("|")}|`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

function pad(cell: string, { column, widths }: { column: number; widths: number[] }): string {
  const width = widths[column] ?? 0;
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function otherFindings(counts: ScenarioResult["verdict"]["counts"]): string {
  const others = ["stale-read", "phantom", "foreign", "stale", "unrevoked", "unread"] as const;
  const told = others.filter((kind) => counts[kind] > 0).map((kind) => `${kind} ${counts[kind]}`);
  return told.join(", ") || "0";
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
