import { QUEUE_NAMES } from "@parley/contracts";
import { type Log, openRawQueues, type RawQueues } from "@parley/platform";
import type { RequestHandler } from "express";
import type { ApiConfig } from "../config.js";
import { BOARD_PATH } from "./session-cookie.js";

/** The page of single jobs. Nothing of it is loaded or connected before somebody opens it. */
export interface QueueBoard {
  /** Throws QueueUnavailable while Redis is away. */
  open(): Promise<RequestHandler>;
  close(): void;
}

export function createQueueBoard(
  config: Pick<ApiConfig, "REDIS_URL" | "REDIS_PREFIX">,
  log: Log,
): QueueBoard {
  let queues: RawQueues | undefined;
  let opened: Promise<RequestHandler> | undefined;
  return {
    open: async () => {
      queues ??= openRawQueues({
        names: QUEUE_NAMES,
        redisUrl: config.REDIS_URL,
        prefix: config.REDIS_PREFIX,
        log,
      });
      // Each time: an answer that waits for Redis would wait as long as it is away.
      const known = await queues.open();
      opened ??= load(known).catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
      return opened;
    },
    close: () => queues?.close(),
  };
}

async function load(queues: Awaited<ReturnType<RawQueues["open"]>>): Promise<RequestHandler> {
  const [{ createBullBoard }, { BullMQAdapter }, { ExpressAdapter }] = await Promise.all([
    import("@bull-board/api"),
    import("@bull-board/api/bullMQAdapter"),
    import("@bull-board/express"),
  ]);
  const server = new ExpressAdapter();
  server.setBasePath(BOARD_PATH);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue)),
    serverAdapter: server,
    options: { uiConfig: { boardTitle: "Parley queues", miscLinks: [{ text: "Dashboard", url: "/admin" }] } },
  });
  return server.getRouter() as RequestHandler;
}
