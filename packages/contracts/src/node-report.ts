import { z } from "zod";

const troubleShape = z.object({
  code: z.string(),
  since: z.iso.datetime(),
  detail: z.string().nullable(),
});

/** What a process tells the others of itself, through Redis: nodes of different versions read it. */
export const nodeReport = z.object({
  kind: z.enum(["api", "worker"]),
  version: z.string(),
  /** Of this process alone. */
  instance: z.string(),
  startedAt: z.iso.datetime(),
  draining: z.boolean(),
  connections: z.int(),
  users: z.int(),
  loopLagP99Ms: z.number(),
  memoryBytes: z.number(),
  cpuPercent: z.number(),
  dependencies: z.record(
    z.string(),
    z.object({ ok: z.boolean(), latencyMs: z.number().nullable(), reason: z.string().nullable() }),
  ),
  /** What is wrong, by code; a code that the reader does not know is shown as it is. */
  troubles: z.array(troubleShape),
  /** Jobs of each queue that a worker can run at the same time; empty for API nodes and while it drains. */
  slots: z.record(z.string(), z.int()),
});

export type NodeReport = z.infer<typeof nodeReport>;

/** The bounds of a sample's `acks`, and of its `deliveries`. */
export const ACK_BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000] as const;
export const DELIVERY_BOUNDS_MS = [...ACK_BOUNDS_MS, 10_000, 30_000, 60_000] as const;

/**
 * Names of counters: API nodes tell `messages`, `deliveries`, `requests`, `requests.failed`, `socket.failed`, `internal`, `overloaded`,
 * `handshakes`, `handshakes.refused`, `slow_clients`, `gaps`; workers `push.ended:<service>`, `push.failed:<service>`,
 * `push.unauthorised:<service>`, `job.done:<job>`, `job.failed:<job>`, `overdue`, `integrity`, `unrenderable`.
 *
 * What a process has counted in a step of time. Counters that stayed as they were are left out.
 */
export const nodeSample = z.object({
  node: z.string(),
  instance: z.string(),
  kind: z.enum(["api", "worker"]),
  /** The time in which it was counted. */
  seconds: z.number().positive(),
  connections: z.int(),
  counters: z.record(z.string(), z.number()),
  /** How often something took so long: by the bounds of the two lists above, and beyond the last. Absent: never at all. */
  acks: z.array(z.number()).optional(),
  deliveries: z.array(z.number()).optional(),
});

export type NodeSample = z.infer<typeof nodeSample>;
