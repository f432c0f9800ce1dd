import { median } from "../compare/measure-rooms.js";
import type { Reading } from "./measure-reads.js";

export interface ReadRound {
  /** Messages in the database. */
  rows: number;
  round: number;
  reading: Reading;
}

const LINES: ReadonlyArray<{ title: string; key: Exclude<keyof Reading, "faults">; digits: number }> = [
  { title: "newest page of a random chat (50), ms", key: "historyMs", digits: 2 },
  { title: "a page of 500 chats (20), ms", key: "myChatsMs", digits: 2 },
  { title: "1,000 missed messages (5 pages), ms", key: "syncMs", digits: 1 },
  { title: "sends/s in rooms of 2", key: "sendsPerSecond", digits: 0 },
];

/** A markdown table: medians with their range, and the median of the ratios to the empty database of the same round. */
export function reportReads(rounds: readonly ReadRound[]): string {
  const sizes = [...new Set(rounds.map(({ rows }) => rows))];
  const of = (rows: number) => rounds.filter((round) => round.rows === rows);
  const empty = of(0);
  const table = [
    "| request | rows | median (range) | × empty |",
    "|---|---:|---:|---:|",
    ...LINES.flatMap(({ title, key, digits }) =>
      sizes.map((rows) => {
        const own = of(rows).map(({ reading }) => reading[key]);
        const ratios = own.map((value, round) => value / (empty[round]?.reading[key] ?? Number.NaN));
        const shown = (value: number) => value.toLocaleString("en", { maximumFractionDigits: digits });
        const range = `${shown(Math.min(...own))}–${shown(Math.max(...own))}`;
        return `| ${title} | ${rows.toLocaleString("en")} | ${shown(median(own))} (${range}) | ${median(ratios).toFixed(2)} |`;
      }),
    ),
  ];
  const faults = rounds.flatMap(({ rows, round, reading }) =>
    Object.entries(reading.faults).flatMap(([kind, count]) =>
      count > 0 ? `${rows.toLocaleString("en")} rows, round ${round + 1}: ${count} ${kind}.` : [],
    ),
  );
  const end = faults.length === 0 ? "Nothing lost, doubled, refused or dropped." : faults.join("\n");
  return [...table, "", end].join("\n");
}
