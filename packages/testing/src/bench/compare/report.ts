import type { ConnectResult, MemoryResult } from "./measure-connections.js";
import { median, type RoomResult } from "./measure-rooms.js";
import type { Round } from "./rounds.js";

export interface BenchResults {
  rooms: RoomResult[];
  memory: MemoryResult[];
  connecting: ConnectResult[];
}

/** The tables of the docs, as markdown. */
export function report(results: BenchResults, relay: string): string {
  const sizes = [...new Set(results.rooms.map(({ size }) => size))];
  const parts = [
    "| rooms of | rival | sends/s | deliveries/s | × relay | ack p50 / p99, ms | delivery p50 / p99, ms |",
    "|---:|---|---:|---:|---:|---:|---:|",
    ...sizes.flatMap((size) => speedRows(ofSize(results, size), relay)),
    "",
    "CPU in µs per message, over both nodes:",
    "",
    "| rooms of | rival | API nodes | Redis | Postgres | worker | generator |",
    "|---:|---|---:|---:|---:|---:|---:|",
    ...results.rooms.map(cpuRow),
    "",
    "At half of the relay's peak:",
    "",
    "| rooms of | rival | sends/s | ack p50 / p99, ms | delivery p50 / p99, ms |",
    "|---:|---|---:|---:|---:|",
    ...results.rooms.filter(({ open }) => open.length > 0).map(openRow),
  ];
  if (results.memory.length > 0)
    parts.push(
      "",
      "| rival | resident kB per idle connection |",
      "|---|---:|",
      ...results.memory.map(memoryRow),
    );
  if (results.connecting.length > 0)
    parts.push(
      "",
      "| rival | clients | seconds until all are in |",
      "|---|---:|---:|",
      ...results.connecting.map(connectRow),
    );
  const faults = results.rooms.flatMap(faultsOf);
  parts.push(
    "",
    faults.length === 0 ? "Nothing lost, doubled, refused or dropped in any round." : faults.join("\n"),
  );
  return parts.join("\n");
}

function ofSize({ rooms }: BenchResults, size: number): RoomResult[] {
  return rooms.filter((room) => room.size === size);
}

function speedRows(results: RoomResult[], relay: string): string[] {
  const baseline = results.find(({ rival }) => rival === relay)?.closed ?? [];
  return results.map(({ rival, size, closed }) => {
    // Each round against the relay's of the same turn: what else the machine did then was the same for both.
    const ratios = closed.map(
      (round, index) => round.deliveriesPerSecond / (baseline[index]?.deliveriesPerSecond ?? Number.NaN),
    );
    return row([
      String(size),
      rival,
      spread(closed.map(({ sendsPerSecond }) => sendsPerSecond)),
      spread(closed.map(({ deliveriesPerSecond }) => deliveriesPerSecond)),
      median(ratios).toFixed(2),
      pair(closed, "ackMs"),
      pair(closed, "deliveryMs"),
    ]);
  });
}

function cpuRow({ rival, size, closed }: RoomResult): string {
  const of = (part: keyof Round["cpu"]) => median(closed.map(({ cpu }) => cpu[part])).toFixed(0);
  return row([String(size), rival, of("api"), of("redis"), of("postgres"), of("worker"), of("generator")]);
}

function openRow({ rival, size, open }: RoomResult): string {
  const sends = spread(open.map(({ sendsPerSecond }) => sendsPerSecond));
  return row([String(size), rival, sends, pair(open, "ackMs"), pair(open, "deliveryMs")]);
}

function memoryRow({ rival, residentKb }: MemoryResult): string {
  return row([rival, residentKb.toFixed(1)]);
}

function connectRow({ rival, connections, seconds }: ConnectResult): string {
  return row([rival, String(connections), seconds.toFixed(1)]);
}

function faultsOf({ rival, size, closed, open }: RoomResult): string[] {
  const sum = (name: "lost" | "doubled" | "refused" | "dropped") =>
    [...closed, ...open].reduce((total, round) => total + round[name], 0);
  const [lost, doubled, refused, dropped] = [sum("lost"), sum("doubled"), sum("refused"), sum("dropped")];
  return lost + doubled + refused + dropped === 0
    ? []
    : [
        `Rooms of ${size}, ${rival}: ${lost} lost, ${doubled} doubled, ${refused} refused, ${dropped} dropped.`,
      ];
}

function pair(rounds: readonly Round[], name: "ackMs" | "deliveryMs"): string {
  const of = (quantile: "p50" | "p99") => median(rounds.map((round) => round[name][quantile])).toFixed(1);
  return `${of("p50")} / ${of("p99")}`;
}

/** Median, and the range of the rounds. */
function spread(values: readonly number[]): string {
  const shown = (value: number) => Math.round(value).toLocaleString("en");
  return `${shown(median(values))} (${shown(Math.min(...values))}–${shown(Math.max(...values))})`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
