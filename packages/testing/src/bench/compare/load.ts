import { setTimeout as sleep } from "node:timers/promises";
import { EngineIoClient } from "./engine-io-client.js";
import type { ConnectPlan, RoundResult } from "./generator-protocol.js";
import { Histogram } from "./histogram.js";
import type { LoadClient } from "./load-client.js";
import { MatchaClient } from "./matcha-client.js";

/** What a message carries besides its mark: as long as people's messages are. */
const TEXT = "The quick brown fox jumps over the lazy dog. ".repeat(3);
const CONNECTS_AT_ONCE = 100;
const DRAIN_MS = 20_000;
const CLIENTS = { native: EngineIoClient, matcha: MatchaClient };

interface UnderWay {
  sentAt: number;
  /** Members who have not got it yet; below zero, somebody got it twice. */
  missing: number;
  acknowledged: boolean;
  answered: (() => void) | undefined;
}

interface Room {
  id: string;
  members: LoadClient[];
  next: number;
}

/** The clients of one rival, and the messages that they send each other. */
export class Load {
  readonly #clients: LoadClient[] = [];
  readonly #rooms: Room[] = [];
  readonly #underWay = new Map<number, UnderWay>();
  readonly #ack = new Histogram();
  readonly #delivery = new Histogram();
  #counts = noCounts();
  #marks = 0;
  #nextRoom = 0;
  #counting = false;
  #dropped = 0;
  #joins = new Map<number, () => void>();

  /** Connects everybody; returns how many seconds it took. */
  async connect(plan: ConnectPlan): Promise<number> {
    const started = performance.now();
    const handlers = {
      onMessage: (mark: number) => this.#onMessage(mark),
      onAck: (id: number, ok: boolean) => this.#onAck(id, ok),
      onDropped: () => void this.#dropped++,
    };
    const byUser = new Map<string, LoadClient>();
    for (let from = 0; from < plan.users.length; from += CONNECTS_AT_ONCE) {
      const some = plan.users.slice(from, from + CONNECTS_AT_ONCE);
      await Promise.all(
        some.map(async ({ userId, token }, index) => {
          const url = plan.urls[(from + index) % plan.urls.length] ?? "";
          const client = await CLIENTS[plan.contract ?? "native"].connect(url, { token, handlers });
          this.#clients.push(client);
          byUser.set(userId, client);
        }),
      );
    }
    for (const { id, members } of plan.rooms) {
      const clients = members.flatMap((userId) => byUser.get(userId) ?? []);
      this.#rooms.push({ id, members: clients, next: 0 });
      if (plan.join) await Promise.all(clients.map((client) => this.#join(client, id)));
    }
    return (performance.now() - started) / 1_000;
  }

  /** Never fewer and never more than `inFlight` messages under way. */
  async closedLoop(order: { inFlight: number; warmUpMs: number; windowMs: number }): Promise<RoundResult> {
    return this.#round(order, async (until) => {
      const loop = async () => {
        while (performance.now() < until) await new Promise<void>((resolve) => this.#send(resolve));
      };
      const senders = Array.from({ length: order.inFlight }, loop);
      await Promise.race([Promise.all(senders), sleep(until - performance.now() + DRAIN_MS)]);
    });
  }

  /** A steady rate, whatever the answers. */
  async openLoop(order: { perSecond: number; warmUpMs: number; windowMs: number }): Promise<RoundResult> {
    return this.#round(order, async (until) => {
      const started = performance.now();
      let sent = 0;
      while (performance.now() < until) {
        const due = ((performance.now() - started) / 1_000) * order.perSecond;
        for (; sent < due; sent++) this.#send();
        await sleep(1);
      }
    });
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  async #round(
    order: { warmUpMs: number; windowMs: number },
    run: (until: number) => Promise<void>,
  ): Promise<RoundResult> {
    this.#counts = noCounts();
    this.#ack.clear();
    this.#delivery.clear();
    const cpuBefore = process.cpuUsage();
    const begin = performance.now() + order.warmUpMs;
    const until = begin + order.windowMs;
    const opening = setTimeout(() => {
      this.#counting = true;
    }, order.warmUpMs);
    const closing = setTimeout(() => {
      this.#counting = false;
    }, order.warmUpMs + order.windowMs);
    await run(until);
    clearTimeout(opening);
    clearTimeout(closing);
    this.#counting = false;
    await this.#drain();
    const cpu = process.cpuUsage(cpuBefore);
    return this.#result({ seconds: order.windowMs / 1_000, cpuSeconds: (cpu.user + cpu.system) / 1e6 });
  }

  async #drain(): Promise<void> {
    const deadline = performance.now() + DRAIN_MS;
    while (this.#underWay.size > 0 && performance.now() < deadline) await sleep(20);
    for (const { missing } of this.#underWay.values()) this.#counts.lost += Math.max(0, missing);
    this.#underWay.clear();
  }

  #result({ seconds, cpuSeconds }: { seconds: number; cpuSeconds: number }): RoundResult {
    const { sent, acks, deliveries, refused, lost, doubled } = this.#counts;
    return {
      sendsPerSecond: acks / seconds,
      deliveriesPerSecond: deliveries / seconds,
      ackMs: { p50: this.#ack.quantile(0.5), p99: this.#ack.quantile(0.99) },
      deliveryMs: { p50: this.#delivery.quantile(0.5), p99: this.#delivery.quantile(0.99) },
      sent,
      refused,
      lost,
      doubled,
      dropped: this.#dropped,
      cpuSeconds,
    };
  }

  async #join(client: LoadClient, chatId: string): Promise<void> {
    const id = ++this.#marks;
    await new Promise<void>((resolve) => {
      this.#joins.set(id, resolve);
      client.join(id, chatId);
    });
  }

  /** The next member of the next room says something. */
  #send(answered?: () => void): void {
    const room = this.#rooms[this.#nextRoom++ % this.#rooms.length];
    const client = room?.members[room.next++ % room.members.length];
    if (room === undefined || client === undefined) return;
    const mark = ++this.#marks;
    const missing = room.members.length;
    this.#underWay.set(mark, { sentAt: performance.now(), missing, acknowledged: false, answered });
    this.#counts.sent++;
    client.say(mark, room.id, `~${mark}~ ${TEXT}`);
  }

  #onMessage(mark: number): void {
    const message = this.#underWay.get(mark);
    if (message === undefined || message.missing === 0) {
      this.#counts.doubled++;
      return;
    }
    message.missing--;
    if (this.#counting) {
      this.#counts.deliveries++;
      this.#delivery.add(performance.now() - message.sentAt);
    }
    this.#settle(mark, message);
  }

  #onAck(id: number, ok: boolean): void {
    const joined = this.#joins.get(id);
    if (joined !== undefined) {
      this.#joins.delete(id);
      joined();
      return;
    }
    const message = this.#underWay.get(id);
    if (message === undefined || message.acknowledged) return;
    message.acknowledged = true;
    if (!ok) {
      this.#counts.refused++;
      message.missing = 0;
    } else if (this.#counting) {
      this.#counts.acks++;
      this.#ack.add(performance.now() - message.sentAt);
    }
    this.#settle(id, message);
  }

  #settle(mark: number, message: UnderWay): void {
    if (!message.acknowledged || message.missing > 0) return;
    this.#underWay.delete(mark);
    message.answered?.();
  }
}

function noCounts() {
  return { sent: 0, acks: 0, deliveries: 0, refused: 0, lost: 0, doubled: 0 };
}
