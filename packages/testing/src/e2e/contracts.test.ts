import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  type ChatNames,
  type Contract,
  type ContractClient,
  Refused,
  type STORY_STEPS,
} from "../contracts/contract-client.js";
import { CONTRACTS } from "../contracts/contracts.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

/** One story, told over every contract, with the people on different nodes. */

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterAll(() => cluster.stop());

async function signIn(contract: Contract, userId: string, node: number): Promise<ContractClient> {
  const client = await contract.connect(cluster.urls[node % 2 === 0 ? 0 : 1], userId);
  onTestFinished(() => client.close());
  return client;
}

/** A chat with its people, each on another node than the one before. */
async function meet(contract: Contract): Promise<{ chat: ChatNames; people: ContractClient[] }> {
  const members = contract.people.slice(0, contract.chatSize);
  const chat = await contract.open(cluster.urls[0], members);
  const people = await Promise.all(members.map((userId, index) => signIn(contract, userId, index)));
  for (const person of people) await person.enter(chat);
  return { chat, people };
}

function pairOf(people: ContractClient[]): [ContractClient, ContractClient] {
  const [one, other] = people;
  if (one === undefined || other === undefined) throw new Error("a chat has at least two people");
  return [one, other];
}

const heardBy = (person: ContractClient, chat: ChatNames, text: string) =>
  until(() => person.heard(chat).includes(text), `${person.userId} hears "${text}"`);

/** What a contract can't do is listed with its reason, and shows as skipped under that reason. */
const step = (contract: Contract, name: (typeof STORY_STEPS)[number], tell: () => Promise<void>) => {
  const reason = contract.skips[name];
  if (reason === undefined) it(name, tell);
  else it.skip(`${name}: ${reason}`, tell);
};

describe.each(CONTRACTS.map((contract) => ({ name: contract.name, contract })))("$name", ({ contract }) => {
  step(contract, "send", async () => {
    const { chat, people } = await meet(contract);
    for (let turn = 0; turn < 3; turn++) {
      await Promise.all(people.map((person) => person.say(chat, `send ${turn} of ${person.userId}`)));
    }
    const sent = people.flatMap(({ userId }) => [0, 1, 2].map((turn) => `send ${turn} of ${userId}`));
    for (const person of people) for (const text of sent) await heardBy(person, chat, text);
    const [first, ...others] = people.map((person) =>
      person.heard(chat).filter((text) => sent.includes(text)),
    );
    expect(first).toHaveLength(sent.length);
    for (const other of others) expect(other).toEqual(first);
  });

  step(contract, "retry", async () => {
    const { chat, people } = await meet(contract);
    const [one, other] = pairOf(people);
    const key = `key of ${Date.now()}`;
    await one.say(chat, "said once", key);
    const again = await signIn(contract, one.userId, 1);
    await again.say(chat, "said once", key);
    await expect(again.say(chat, "something else", key)).rejects.toThrow(Refused);
    await one.say(chat, "after the retry");
    await heardBy(other, chat, "after the retry");
    expect(other.heard(chat).filter((text) => text === "said once")).toHaveLength(1);
    expect((await other.history(chat)).filter((text) => text === "said once")).toHaveLength(1);
  });

  step(contract, "history", async () => {
    const { chat, people } = await meet(contract);
    const [one, other] = pairOf(people);
    for (const text of ["history 1", "history 2", "history 3"]) await one.say(chat, text);
    const page = await other.history(chat);
    expect(page.slice(-3)).toEqual(["history 1", "history 2", "history 3"]);
  });

  step(contract, "read", async () => {
    const { chat, people } = await meet(contract);
    const [one, other] = pairOf(people);
    await other.read?.(chat);
    for (const text of ["read 1", "read 2"]) await one.say(chat, text);
    expect(await other.unread?.(chat)).toBe(2);
    await other.read?.(chat);
    expect(await other.unread?.(chat)).toBe(0);
  });

  step(contract, "typing", async () => {
    const { chat, people } = await meet(contract);
    const [one, other] = pairOf(people);
    expect(other.sawTyping?.(chat, one.userId)).toBe(false);
    await one.type?.(chat);
    await until(() => other.sawTyping?.(chat, one.userId), "the other sees the typing");
    expect(one.sawTyping?.(chat, one.userId)).toBe(false);
  });

  step(contract, "presence", async () => {
    const { people } = await meet(contract);
    const [one, other] = pairOf(people);
    await until(() => one.isOnline?.(other.userId), "the other is online");
    other.close();
    await until(async () => (await one.isOnline?.(other.userId)) === false, "the other is offline");
  });

  step(contract, "return", async () => {
    const { chat, people } = await meet(contract);
    const [one, other] = pairOf(people);
    other.close();
    await until(() => !other.isConnected(), "the other is gone");
    await one.say(chat, "while you were away");
    const back = await signIn(contract, other.userId, 0);
    await back.enter(chat);
    expect((await back.history(chat)).at(-1)).toBe("while you were away");
    await one.say(chat, "welcome back");
    await heardBy(back, chat, "welcome back");
    expect(back.heard(chat).filter((text) => text === "welcome back")).toHaveLength(1);
  });

  step(contract, "outsider", async () => {
    const { chat, people } = await meet(contract);
    const [one, other] = pairOf(people);
    const outsider = await signIn(contract, contract.people[3], 1);
    await one.say(chat, "between us");
    await heardBy(other, chat, "between us");
    await expect(outsider.history(chat)).rejects.toThrow(Refused);
    await expect(outsider.say(chat, "let me in")).rejects.toThrow(Refused);
    await one.say(chat, "still between us");
    await heardBy(other, chat, "still between us");
    expect(outsider.heard(chat)).toEqual([]);
    expect(other.heard(chat)).not.toContain("let me in");
  });

  step(contract, "babble", async () => {
    const { chat, people } = await meet(contract);
    const [one, other] = pairOf(people);
    await one.babble();
    expect(one.isConnected()).toBe(true);
    await one.say(chat, "what I meant");
    await heardBy(other, chat, "what I meant");
  });
});

/** What a burst has used up comes back too slowly for a busy machine to send in between all the same. */
const SLOWLY = { MESSAGES_PER_MINUTE: "10", MESSAGES_BURST: "4" };

describe("the rate of messages", () => {
  it.each(CONTRACTS.map((contract) => ({ name: contract.name, contract })))(
    "holds on $name, across nodes, and says when to come again",
    async ({ contract }) => {
      const strict = await startTestCluster(SLOWLY);
      onTestFinished(() => strict.stop());
      const [one] = contract.people;
      const members = contract.people.slice(0, contract.chatSize);
      const chat = await contract.open(strict.urls[0], members);
      const devices = await Promise.all(strict.urls.map((url) => contract.connect(url, one)));
      for (const device of devices) {
        onTestFinished(() => device.close());
        await device.enter(chat);
      }
      const [first, second] = pairOf(devices);
      const outcomes: unknown[] = [];
      for (let turn = 0; turn < 8; turn++) {
        const device = turn % 2 === 0 ? first : second;
        outcomes.push(await device.say(chat, `rate ${turn}`).catch((error: unknown) => error));
      }
      const refused = outcomes.filter((outcome) => outcome instanceof Refused);
      expect(refused.length).toBeGreaterThan(0);
      expect(outcomes.filter((outcome) => outcome === undefined).length).toBeGreaterThanOrEqual(4);
      const [refusal] = refused;
      expect(refusal?.retryAfterMs).toBeGreaterThan(0);
      await until(
        () =>
          first.say(chat, "patience").then(
            () => true,
            () => false,
          ),
        "it may speak again",
      );
    },
  );
});
