import { fileURLToPath } from "node:url";
import { applyMigrations, closeEngine, createChat, type Engine, sendMessage } from "@parley/engine";
import { v7 as uuidv7 } from "uuid";
import { openTestEngine } from "../test-engine.js";

/**
 * Stored, ordered, acknowledged sends per second: group commit against one Prisma transaction per message, on the same database in
 * the same run, in turns. Run it with `npm run bench:write`, which starts a durable Postgres (fsync on).
 */

const ROUNDS = 5;
const ROUND_MS = 4_000;
const IN_FLIGHT = 256;
const CHATS = 200;
const CONTENT = "The quick brown fox jumps over the lazy dog. ".repeat(3);
const MIGRATIONS = fileURLToPath(new URL("../../../../prisma/migrations", import.meta.url));

const alice = { userId: "alice", role: "user" };

interface Round {
  perSecond: number;
  p50: number;
  p99: number;
}

type Send = (chatId: string) => Promise<unknown>;

async function main(): Promise<void> {
  const databaseUrl = process.env.DATABASE_URL;
  if (!databaseUrl)
    throw new Error("DATABASE_URL is not set: run npm run bench:write, which starts a database.");
  await applyMigrations({ databaseUrl, migrationsDir: MIGRATIONS, log: () => undefined });
  const { engine } = openTestEngine(databaseUrl);
  const chats = await createChats(engine);
  const rivals: Array<{ name: string; send: Send; rounds: Round[] }> = [
    { name: "Parley (group commit)", send: parleySend(engine), rounds: [] },
    { name: "Prisma transaction per message", send: prismaSend(engine), rounds: [] },
  ];
  for (const rival of rivals) await runRound(rival.send, chats);
  for (let round = 0; round < ROUNDS; round++) {
    for (const rival of rivals) rival.rounds.push(await runRound(rival.send, chats));
  }
  report(rivals);
  await closeEngine(engine);
}

async function createChats(engine: Engine): Promise<string[]> {
  const chats: string[] = [];
  for (let index = 0; index < CHATS; index++) {
    const request = { type: "direct" as const, userId: `partner-${index}` };
    chats.push((await createChat(engine, { actor: alice, request })).id);
  }
  return chats;
}

function parleySend(engine: Engine): Send {
  return (chatId) =>
    sendMessage(engine, {
      actor: alice,
      chatId,
      draft: { content: CONTENT, type: "text", clientId: uuidv7() },
    });
}

/** What most teams write: check the membership, take the next number, insert; one transaction each, ordered and durable too. */
function prismaSend(engine: Engine): Send {
  const { prisma } = engine.database;
  return (chatId) =>
    prisma.$transaction(
      async (transaction) => {
        await transaction.member.findUniqueOrThrow({
          where: { chatId_userId: { chatId, userId: alice.userId } },
        });
        const chat = await transaction.chat.update({
          where: { id: chatId },
          data: { lastSeq: { increment: 1 }, lastRev: { increment: 1 }, updatedAt: new Date() },
        });
        return transaction.message.create({
          data: {
            id: uuidv7(),
            chatId,
            seq: chat.lastSeq,
            rev: chat.lastRev,
            senderId: alice.userId,
            senderRole: alice.role,
            type: "text",
            content: CONTENT,
            clientId: uuidv7(),
          },
        });
      },
      { maxWait: 30_000, timeout: 30_000 },
    );
}

/** A closed loop: IN_FLIGHT senders, each sending again as soon as its message is acknowledged. */
async function runRound(send: Send, chats: readonly string[]): Promise<Round> {
  const latencies: number[] = [];
  const started = performance.now();
  const deadline = started + ROUND_MS;
  let next = 0;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (performance.now() < deadline) {
        const sentAt = performance.now();
        await send(chats[next++ % chats.length] ?? "");
        latencies.push(performance.now() - sentAt);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1_000;
  latencies.sort((left, right) => left - right);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { perSecond: latencies.length / seconds, p50: at(0.5), p99: at(0.99) };
}

function report(rivals: ReadonlyArray<{ name: string; rounds: Round[] }>): void {
  const lines = rivals.map(({ name, rounds }) => {
    const rates = rounds.map((round) => Math.round(round.perSecond));
    const p50 = median(rounds.map((round) => round.p50)).toFixed(1);
    const p99 = median(rounds.map((round) => round.p99)).toFixed(1);
    return `${name}: median ${Math.round(median(rates))}/s (${Math.min(...rates)}–${Math.max(...rates)}), latency p50 ${p50} ms, p99 ${p99} ms`;
  });
  const [parley, prisma] = rivals.map(({ rounds }) => rounds.map((round) => round.perSecond));
  const ratios = (parley ?? []).map((rate, index) => rate / (prisma?.[index] ?? Number.NaN));
  lines.push(
    `ratio: median ${median(ratios).toFixed(1)} (${Math.min(...ratios).toFixed(1)}–${Math.max(...ratios).toFixed(1)}), ${ROUNDS} rounds of ${ROUND_MS / 1_000} s in turns, ${IN_FLIGHT} sends in flight, ${CHATS} chats`,
  );
  process.stdout.write(`${lines.join("\n")}\n`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

await main();
