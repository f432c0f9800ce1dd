import { closeEngine, type Engine } from "@parley/engine";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import type { ChatNames, Contract, ContractClient } from "../contracts/contract-client.js";
import { CONTRACTS } from "../contracts/contracts.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { openTestEngine } from "../test-engine.js";
import { until } from "../until.js";

/** People on different contracts, on different nodes, in the same chat. */

let cluster: TestCluster;
let engine: Engine;

beforeAll(async () => {
  cluster = await startTestCluster();
  engine = openTestEngine(cluster.databaseUrl).engine;
});

afterAll(async () => {
  await closeEngine(engine);
  await cluster.stop();
});

interface Seat {
  contract: Contract;
  userId: string;
}

const contractOf = (name: string): Contract => {
  const contract = CONTRACTS.find((known) => known.name === name);
  if (contract === undefined) throw new Error(`there is no contract ${name}`);
  return contract;
};

/** The chat by all its names. */
async function nameAll(chat: ChatNames, people: string[]): Promise<ChatNames> {
  const facts =
    chat.id === "" ? await engine.chatFacts.readByNumber(chat.number) : await engine.chatFacts.read(chat.id);
  return { id: facts.id, number: facts.number, isGroup: facts.type === "group", people };
}

/** Everybody says something at the same time, several times; all must hear all of it in one order. */
async function talk(chat: ChatNames, seats: Seat[]): Promise<void> {
  const clients: ContractClient[] = [];
  for (const [index, { contract, userId }] of seats.entries()) {
    const client = await contract.connect(cluster.urls[index % 2 === 0 ? 0 : 1], userId);
    onTestFinished(() => client.close());
    await client.enter(chat);
    clients.push(client);
  }
  const sent = clients.flatMap((client, seat) =>
    Array.from({ length: 8 }, (_, turn) => ({ client, text: `${seat} says ${turn}` })),
  );
  await Promise.all(sent.map(({ client, text }) => client.say(chat, text)));
  for (const client of clients) {
    await until(() => client.heard(chat).length >= sent.length, `${client.userId} hears all`);
  }
  const truth = await clients[0]?.history(chat);
  expect(truth).toHaveLength(sent.length);
  for (const client of clients) {
    expect([client.userId, client.heard(chat)]).toEqual([client.userId, truth]);
    expect([client.userId, await client.history(chat)]).toEqual([client.userId, truth]);
  }
}

it("a group with members on every contract that has groups is heard in one order by all", async () => {
  const groups = CONTRACTS.filter(({ name }) => name !== "matcha");
  const seats = groups.map((contract) => ({ contract, userId: contract.people[0] }));
  const opener = groups.find(({ name }) => name === "gateway rooms") ?? contractOf("native");
  const people = seats.map(({ userId }) => userId);
  const first = opener.people[0];
  const opened = await opener.open(cluster.urls[0], [first]);
  const chat = await nameAll(opened, people);
  const admin = restClient(cluster.urls[1], { userId: "operator", role: "admin" });
  const others = people.filter((userId) => userId !== first);
  const added = await admin.request("POST", `/v1/chat/${chat.id}/members`, { user_ids: others });
  expect(added.status).toBe(201);
  await talk(chat, seats);
});

it("a pair is heard in one order on every contract that both sides use", async () => {
  const names = ["matcha", "native", "kelisim", "catchat"].filter((name) =>
    CONTRACTS.some((contract) => contract.name === name),
  );
  const pair = ["840001", "840002"];
  const { body } = await restClient(cluster.urls[0], { userId: "840001" }).request<{ id: string }>(
    "POST",
    "/v1/chat",
    { type: "direct", user_id: "840002" },
  );
  const chat = await nameAll({ id: body.id, number: 0, isGroup: false, people: pair }, pair);
  const seats = names.flatMap((name) => pair.map((userId) => ({ contract: contractOf(name), userId })));
  await talk(chat, seats);
});
