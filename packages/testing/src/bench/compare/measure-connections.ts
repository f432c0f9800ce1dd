import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { testToken } from "../../test-token.js";
import { Generator } from "./generator.js";
import type { Rival } from "./rivals.js";

export interface MemoryResult {
  rival: string;
  connections: number;
  /** Kilobytes of resident memory per connection, both nodes together. */
  residentKb: number;
}

export interface ConnectResult {
  rival: string;
  connections: number;
  seconds: number;
}

const CHATS_EACH = 20;
const MEMBERS = 50;
const WARM_UP = 200;

/** What an idle, authenticated connection of somebody in 20 chats costs, after the garbage of connecting is collected. */
export async function measureMemory(rival: Rival, connections: number): Promise<MemoryResult> {
  const users = Array.from({ length: connections }, (_, index) => `idle-${index}`);
  const strangers = Array.from({ length: WARM_UP }, (_, index) => `warm-up-${index}`);
  const members = Array.from({ length: (connections * CHATS_EACH) / MEMBERS }, (_, chat) =>
    Array.from({ length: MEMBERS }, (_, index) => users[(chat * MEMBERS + index) % connections] ?? ""),
  );
  const ids = await rival.makeRooms(members);
  const warmUp = new Generator();
  const generator = new Generator();
  try {
    await warmUp.connect({ urls: rival.urls, users: strangers.map(withToken), rooms: [], join: false });
    const before = await residentKb(rival);
    const rooms = members.map((names, index) => ({ id: ids[index] ?? "", members: names }));
    await generator.connect({ urls: rival.urls, users: users.map(withToken), rooms, join: rival.join });
    const after = await residentKb(rival);
    return { rival: rival.name, connections, residentKb: (after - before) / connections };
  } finally {
    await generator.stop();
    await warmUp.stop();
  }
}

/** How long it takes until so many clients are in, 100 at a time. */
export async function measureConnecting(rival: Rival, connections: number): Promise<ConnectResult> {
  const users = Array.from({ length: connections }, (_, index) => withToken(`storm-${index}`));
  const generator = new Generator();
  try {
    const seconds = await generator.connect({ urls: rival.urls, users, rooms: [], join: false });
    return { rival: rival.name, connections, seconds };
  } finally {
    await generator.stop();
  }
}

function withToken(userId: string) {
  return { userId, token: testToken({ userId, expiresIn: 86_400 }) };
}

async function residentKb(rival: Rival): Promise<number> {
  await sleep(3_000);
  for (let times = 0; times < 3; times++) {
    // Each process collects its garbage when told so: see collect-garbage.ts.
    for (const pid of rival.pids) process.kill(pid, "SIGUSR2");
    await sleep(500);
  }
  return rival.pids
    .map((pid) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]))
    .reduce((sum, kilobytes) => sum + kilobytes, 0);
}
