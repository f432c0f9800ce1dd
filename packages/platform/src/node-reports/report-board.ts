import type { Redis } from "../redis.js";

export interface ReportBoardOptions {
  /** A connection of the role `cache`: every call rejects at once, or soon, while Redis is away. */
  redis: Redis;
  /** With a hash tag: the script needs all keys on one node of a Redis cluster. */
  prefix: string;
}

/** A node's latest report. */
export interface BoardEntry {
  node: string;
  /** When it came, by Redis's clock. */
  seenAt: Date;
  seenMsAgo: number;
  /** As it was written. */
  report: string;
  /** The instance that was asked to drain; null: none was, lately. */
  drain: string | null;
}

/** What one process counted in a step of time. Written twice it is the same. */
export interface BoardSample {
  /** Which step: whole times of `STEP_SECONDS` since 1970, by Redis's clock. */
  step: number;
  text: string;
}

/** What the nodes counted in one step of time. */
export interface BoardStep {
  /** The end of the step, by Redis's clock. */
  at: Date;
  /** One text for each process, as it was written. */
  samples: string[];
}

/** Seconds that a sample stands for. */
export const STEP_SECONDS = 10;
/** Reports and samples are forgotten after an hour; samples a little later, so that a whole hour can be asked for. */
const KEPT_MS = 3_600_000;
const SAMPLES_KEPT_MS = KEPT_MS + 60_000;
/** However many names nodes give themselves, Redis holds no more than these. */
export const MOST_NODES = 200;
/** Bytes of a report, and of a sample; what is larger is not written. */
const MOST_REPORT_BYTES = 8_192;
/** A worker that did every job and failed at each, with every push service, comes to some 1,700. An hour of samples of as many processes as are kept is 150 MB then. */
export const MOST_SAMPLE_BYTES = 2_048;
/** Steps of samples that Redis holds at the same time, with the one that goes on. */
export const MOST_STEPS = SAMPLES_KEPT_MS / 1_000 / STEP_SECONDS + 1;

const WRITE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local prefix, node, instance, report = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
redis.call('ZADD', KEYS[1], string.format('%.0f', now), node)
redis.call('PEXPIRE', KEYS[1], ${KEPT_MS})
redis.call('SET', prefix .. ':report:' .. node, report, 'PX', ${KEPT_MS})
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ${KEPT_MS}))
local extra = redis.call('ZCARD', KEYS[1]) - ${MOST_NODES}
if extra > 0 then
  for _, gone in ipairs(redis.call('ZRANGE', KEYS[1], 0, extra - 1)) do redis.call('DEL', prefix .. ':report:' .. gone) end
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, extra - 1)
end
for place = 5, #ARGV, 2 do
  local age = now - ARGV[place] * ${STEP_SECONDS * 1_000}
  local step = prefix .. ':samples:' .. ARGV[place]
  if age < ${KEPT_MS} and (redis.call('HLEN', step) < ${MOST_NODES} or redis.call('HEXISTS', step, instance) == 1) then
    redis.call('HSET', step, instance, ARGV[place + 1])
    redis.call('PEXPIRE', step, string.format('%.0f', ${SAMPLES_KEPT_MS} - math.max(0, age)))
  end
end
return { string.format('%.0f', now), redis.call('GET', prefix .. ':drain:' .. node) }
`;

/**
 * Where the nodes of a cluster say how they are, for whoever asks any of them: nobody is asked while somebody waits. Bounded, whatever nodes
 * call themselves and however often they restart.
 *
 * | key                       | type       | content |
 * |---------------------------|------------|---------|
 * | `<prefix>:seen`           | sorted set | node → when its report came, in ms of Redis's clock; an hour |
 * | `<prefix>:report:<node>`  | string     | its latest report; an hour |
 * | `<prefix>:samples:<step>` | hash       | instance → what it counted in these 10 s; an hour |
 * | `<prefix>:drain:<node>`   | string     | the instance that is to drain; an hour |
 */
export class ReportBoard {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor({ redis, prefix }: ReportBoardOptions) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /** Resolves with the time by Redis's clock, in ms, and with whether the instance was asked to drain. */
  async write(entry: {
    node: string;
    /** Of this process alone, so that a restarted node does not find what its predecessor was asked. */
    instance: string;
    report: string;
    /** Those of steps that are over for longer than an hour are left out. */
    samples?: readonly BoardSample[];
  }): Promise<{ now: number; drain: boolean }> {
    const { node, instance, report, samples = [] } = entry;
    const isTooLarge =
      Buffer.byteLength(report) > MOST_REPORT_BYTES ||
      samples.some(({ text }) => Buffer.byteLength(text) > MOST_SAMPLE_BYTES);
    if (isTooLarge) throw new Error("A report is larger than Redis is to hold.");
    const counted = samples.flatMap(({ step, text }) => [String(step), text]);
    const args = [this.#prefix, node, instance, report, ...counted];
    const answer = await this.#redis.eval(WRITE, 1, this.#key("seen"), ...args);
    const [now, asked] = answer as [string, string | null];
    return { now: Number(now), drain: asked === instance };
  }

  /** The node says goodbye, so that nobody takes it for lost. */
  async leave(node: string): Promise<void> {
    await this.#redis
      .multi()
      .zrem(this.#key("seen"), node)
      .del(this.#key("report", node), this.#key("drain", node))
      .exec();
  }

  /** Asks one run of a node to drain; it finds that with its next report. */
  async askDrain({ node, instance }: { node: string; instance: string }): Promise<void> {
    await this.#redis.set(this.#key("drain", node), instance, "PX", KEPT_MS);
  }

  /** Every node that has reported within the hour, the latest first. */
  async list(): Promise<BoardEntry[]> {
    const seen = await this.#redis.zrevrange(this.#key("seen"), 0, MOST_NODES - 1, "WITHSCORES");
    const nodes = seen.filter((_, place) => place % 2 === 0);
    if (nodes.length === 0) return [];
    const keys = nodes.flatMap((node) => [this.#key("report", node), this.#key("drain", node)]);
    const [now, texts] = await Promise.all([this.#now(), this.#redis.mget(keys)]);
    return nodes.flatMap((node, place) => {
      const report = texts[2 * place];
      const seenAt = Number(seen[2 * place + 1]);
      if (report == null) return [];
      const seenMsAgo = Math.max(0, now - seenAt);
      return [{ node, report, seenAt: new Date(seenAt), seenMsAgo, drain: texts[2 * place + 1] ?? null }];
    });
  }

  /** The steps of the last minutes that are over and of which something was reported, the oldest first. */
  async steps(minutes: number): Promise<BoardStep[]> {
    const current = Math.floor((await this.#now()) / 1_000 / STEP_SECONDS);
    const count = Math.floor((minutes * 60) / STEP_SECONDS);
    const numbers = Array.from({ length: count }, (_, place) => current - count + place);
    const pipeline = this.#redis.pipeline();
    for (const number of numbers) pipeline.hvals(this.#key("samples", String(number)));
    const answers = (await pipeline.exec()) ?? [];
    return numbers.flatMap((number, place) => {
      const [error, samples] = answers[place] ?? [null, []];
      if (error) throw error;
      if ((samples as string[]).length === 0) return [];
      return [{ at: new Date((number + 1) * STEP_SECONDS * 1_000), samples: samples as string[] }];
    });
  }

  /** By the clock of the server that has the reports: in a cluster there are several. */
  async #now(): Promise<number> {
    const answer = await this.#redis.eval("return redis.call('TIME')", 1, this.#key("seen"));
    const [seconds, microseconds] = answer as [string, string];
    return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
  }

  #key(kind: string, name?: string): string {
    return name === undefined ? `${this.#prefix}:${kind}` : `${this.#prefix}:${kind}:${name}`;
  }
}
