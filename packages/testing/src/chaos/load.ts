import { setTimeout as sleep } from "node:timers/promises";
import type { ChaosClient } from "./chaos-client.js";
import { createChaosClient } from "./chaos-client-kinds.js";
import { ChatRoll } from "./chat-roll.js";
import type { ChatState } from "./client-view.js";
import { GuestTraffic } from "./guest-traffic.js";
import type { LoadPlan, LoadStatus } from "./load-protocol.js";
import { PulseTraffic } from "./pulse-traffic.js";
import { Random } from "./random.js";
import { Recorder } from "./recorder.js";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";
import { UserTraffic } from "./user-traffic.js";

/** New connections a second while everybody arrives. */
const ARRIVALS_PER_STEP = 20;
const STEP_MS = 50;

/** Something that makes clients do things. */
interface Traffic {
  /** What is under way. */
  readonly pending: number;
  begin(): void;
  /** Begins nothing new. */
  rest(): void;
}

/** The clients of one load process, and what they do. */
export class Load {
  readonly #recorder: Recorder;
  readonly #clients = new Map<string, ChaosClient>();
  readonly #traffic: Traffic[];

  /** Makes the clients; nobody connects yet. */
  static async open(plan: LoadPlan): Promise<Load> {
    const wires = new Map<string, TcpProxy>();
    const port = Number(new URL(plan.url).port);
    for (const { userId, kind, slow } of plan.users) {
      // The others stop reading by themselves.
      if (slow && kind === "sdk") wires.set(userId, await startTcpProxy(port));
    }
    return new Load(plan, wires);
  }

  private constructor(plan: LoadPlan, wires: ReadonlyMap<string, TcpProxy>) {
    this.#recorder = new Recorder(plan.historyFile, plan.name);
    const random = new Random(plan.seed);
    const roll = new ChatRoll(plan.chats);
    const pauseMs = (1_000 * plan.users.length) / plan.rate;
    const shared = { url: plan.url, recorder: this.#recorder, chats: plan.chats, roll };
    const users = plan.users.map(({ userId, kind, token }) => {
      const client = createChaosClient(kind, { ...shared, userId, token, wire: wires.get(userId) });
      this.#clients.set(userId, client);
      return new UserTraffic({ ...shared, client, pauseMs, random: random.fork(userId) });
    });
    const traffic = new Map(users.map((one) => [one.userId, one]));
    const chats = plan.chats.map((chat) => ({ ...shared, chat, traffic, random: random.fork(chat.id) }));
    this.#traffic = [
      ...users,
      ...chats.map((options) => new GuestTraffic(options)),
      ...chats.map((options) => new PulseTraffic(options)),
    ];
  }

  async start(): Promise<void> {
    const clients = [...this.#clients.values()];
    for (let from = 0; from < clients.length; from += ARRIVALS_PER_STEP) {
      for (const client of clients.slice(from, from + ARRIVALS_PER_STEP)) client.start();
      await sleep(STEP_MS);
    }
  }

  async work(): Promise<void> {
    for (const traffic of this.#traffic) traffic.begin();
  }

  async rest(): Promise<void> {
    for (const traffic of this.#traffic) traffic.rest();
  }

  async stall({ users, forMs }: { users: string[]; forMs: number }): Promise<void> {
    for (const user of users) this.#clients.get(user)?.stall(forMs);
  }

  async renew({ user, token }: { user: string; token: string }): Promise<void> {
    const op = this.#recorder.operation();
    this.#recorder.record({ type: "invoke", user, op, f: "admit", chat: "", about: user });
    this.#clients.get(user)?.renew(token);
    this.#recorder.record({ type: "ok", user, op });
  }

  async refused({ users }: { users: string[] }): Promise<number> {
    return users.filter((user) => this.#clients.get(user)?.refused).length;
  }

  async status(): Promise<LoadStatus> {
    const clients = [...this.#clients.values()];
    const pending = this.#traffic.reduce((sum, traffic) => sum + traffic.pending, 0);
    return {
      clients: clients.length,
      settled: clients.filter(({ settled }) => settled).length,
      pending,
    };
  }

  async compare(states: ChatState[]): Promise<number> {
    const lacking = await Promise.all(
      [...this.#clients.values()].map(async (client) => {
        const mine = states.filter(({ members }) => members.includes(client.userId));
        await client.refresh(mine);
        return mine.reduce((sum, state) => sum + client.view.lacks(state), 0);
      }),
    );
    return lacking.reduce((sum, count) => sum + count, 0);
  }

  async finish(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.stop()));
    await this.#recorder.close();
  }
}
