import path from "node:path";
import { fileURLToPath } from "node:url";
import { type LocalRedis, startRedis } from "@parley/platform/local";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { ChatNames, ContractClient } from "../contracts/contract-client.js";
import { CONTRACTS } from "../contracts/contracts.js";
import { startOwnCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";
import { isBusUp, untilBusIs } from "../until-bus-is.js";

/** People of every contract go on talking, each contract's in a chat of their own, while Redis goes and comes back. */

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

let cluster: TestCluster;
let redis: LocalRedis;
/** Whether Redis lives and hangs. */
let hangs = false;

beforeAll(async () => {
  cluster = await startOwnCluster();
  const { services } = cluster;
  if (services.redis === undefined) throw new Error("the cluster has no Redis of its own");
  redis = services.redis;
});

afterAll(async () => {
  if (hangs) hang(false);
  await redis?.stop();
  await cluster?.stop();
});

function hang(wanted: boolean): void {
  process.kill(redis.pid, wanted ? "SIGSTOP" : "SIGCONT");
  hangs = wanted;
}

interface Meeting {
  chat: ChatNames;
  people: ContractClient[];
  said: string[];
}

/** A chat on every contract, with its people on both nodes. `round` makes the people, and so the chats, other ones. */
function meetings(round: 0 | 1): Promise<Meeting[]> {
  return Promise.all(
    CONTRACTS.map(async (contract): Promise<Meeting> => {
      const from = round * (contract.people.length - contract.chatSize);
      const members = contract.people.slice(from, from + contract.chatSize);
      const chat = await contract.open(cluster.urls[0], members);
      const people = await Promise.all(
        members.map((userId, place) => contract.connect(cluster.urls[place % 2 === 0 ? 0 : 1], userId)),
      );
      onTestFinished(() => {
        for (const person of people) person.close();
      });
      for (const person of people) await person.enter(chat);
      return { chat, people, said: [] };
    }),
  );
}

/** All speak at the same time, and each goes on when everybody has heard what they said. A history page holds what all this comes to. */
async function talk(all: readonly Meeting[], about: string): Promise<void> {
  const speak = async ({ chat, people, said }: Meeting, speaker: ContractClient) => {
    for (let turn = 1; turn <= 2; turn++) {
      const text = `${speaker.userId} ${about} ${turn}`;
      said.push(text);
      await speaker.say(chat, text);
      for (const person of people) {
        await until(() => person.heard(chat).includes(text), `${person.userId} hears "${text}"`);
      }
    }
  };
  await Promise.all(all.flatMap((meeting) => meeting.people.map((person) => speak(meeting, person))));
}

const busStates = () => Promise.all(cluster.urls.map(isBusUp));

/** What can be done to Redis, and how it is undone. */
const TROUBLES = [
  {
    what: "Redis ends and is started again, empty",
    round: 0,
    begin: () => redis.stop(),
    end: async () => {
      redis = await startRedis({
        dataDir: path.join(cluster.services.dataDir, "redis"),
        binaryDir: path.join(ROOT, ".parley/redis-program"),
        port: redis.port,
        durable: false,
      });
    },
  },
  {
    what: "Redis hangs and wakes up",
    round: 1,
    begin: async () => hang(true),
    end: async () => hang(false),
  },
] as const;

describe.each(TROUBLES)("while $what", ({ round, begin, end }) => {
  it("everybody on every contract hears everything once and in the order of the history", async () => {
    const all = await meetings(round);
    for (const url of cluster.urls) await untilBusIs(url, true);
    await talk(all, "before");

    await Promise.all([begin(), talk(all, "at the end of Redis")]);
    for (const url of cluster.urls) await untilBusIs(url, false);
    await talk(all, "without Redis");
    // Nobody has come back meanwhile: all this was heard without a bus, on the other node, too.
    expect(await busStates()).toEqual([false, false]);

    await Promise.all([end(), talk(all, "at its return")]);
    for (const url of cluster.urls) await untilBusIs(url, true);
    await talk(all, "afterwards");

    for (const { chat, people, said } of all) {
      const history = await people[0]?.history(chat);
      expect([...(history ?? [])].sort()).toEqual([...said].sort());
      for (const person of people) {
        expect([person.userId, person.isConnected()]).toEqual([person.userId, true]);
        expect([person.userId, person.heard(chat)]).toEqual([person.userId, history]);
      }
    }
  });
});
