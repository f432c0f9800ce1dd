import { z } from "zod";

/** Moves messages that have passed their retention into the archive, and deletes from there what has passed the longer one. */
const archiveRun = z.object({});

/** Makes the notifications of a campaign's next recipients, or goes on with cancelling it. */
const campaignsExpand = z.object({
  campaignId: z.uuid(),
  /** The step that it is for; another job may have taken that already. */
  step: z.int().min(0).optional(),
});

/** Compares what chats promise (numbering without gaps) with what is stored. */
const chatsVerify = z.object({
  /** How many chats one run looks at. */
  limit: z.int().min(1).max(10_000).default(500),
});

/** Forgets the log of commits as far as every node has long read it. */
const commitsPrune = z.object({
  /** Age from which entries go. */
  olderThanMs: z.int().min(60_000),
});

/** Counts what people have written since, for who asks how much is written and how soon people are answered. */
const engagementCount = z.object({});
/** Goes on with an export or erasure. */
const dataRun = z.object({ taskId: z.uuid() });

/** Takes up exports and erasures that nobody works on, and removes exports that have expired. */
const dataSweep = z.object({});

/** Removes files that no message has attached any more. */
const filesCollect = z.object({
  /** Looks through the whole storage, too, for what belongs to no file. */
  sweep: z.boolean().default(false),
});

/** Makes the notifications of what was said in chats, and decides about them. */
const notificationsCollect = z.object({ chatIds: z.array(z.uuid()).min(1).max(200) });

/** Decides about notifications whose time has come. */
const notificationsDecide = z.object({ notificationIds: z.array(z.uuid()).min(1).max(200) });

/** Finds what no job did: chats to collect, notifications to decide and to push. */
const notificationsSweep = z.object({
  /** Looks at every chat, not only at those that the log of commits names. */
  full: z.boolean().default(false),
});

/** Forgets old notifications with their deliveries. */
const notificationsPrune = z.object({ olderThanMs: z.int().min(3_600_000) });

/** Pushes notifications that are due. */
const pushDeliver = z.object({ notificationIds: z.array(z.uuid()).min(1).max(100) });

/** Carries out what operators asked of the archive. */
const archiveAsked = z.object({});

/** Compares segments of the archive with what they were when they were written. */
const archiveVerify = z.object({
  /** How many segments one run looks at. */
  limit: z.int().min(1).max(10_000).default(100),
});

/** Makes what new and changed messages are found by. */
const searchIndex = z.object({});

/** Every job that the worker runs, with the shape of its data. Jobs carry ids and numbers, never contents. */
export const JOB_CATALOGUE = {
  "archive.asked": archiveAsked,
  "archive.run": archiveRun,
  "archive.verify": archiveVerify,
  "campaigns.expand": campaignsExpand,
  "chats.verify": chatsVerify,
  "commits.prune": commitsPrune,
  "engagement.count": engagementCount,
  "data.run": dataRun,
  "data.sweep": dataSweep,
  "files.collect": filesCollect,
  "notifications.collect": notificationsCollect,
  "notifications.decide": notificationsDecide,
  "notifications.prune": notificationsPrune,
  "notifications.sweep": notificationsSweep,
  "push.deliver": pushDeliver,
  "search.index": searchIndex,
} as const satisfies Record<string, z.ZodType>;

export type JobName = keyof typeof JOB_CATALOGUE;

/** What a job is asked for with. */
export type JobInput<Name extends JobName> = z.input<(typeof JOB_CATALOGUE)[Name]>;
