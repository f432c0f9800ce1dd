import { QUEUE_NAMES } from "@parley/contracts";
import { type Log, openRawQueues, type RawQueues } from "@parley/platform";
import type { Express, RequestHandler } from "express";
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
  const app = server.getRouter() as Express;
  leaveFontsOut(app);
  return app;
}

type Render = (file: string, values: object, done: (error: unknown, html?: string) => void) => void;

const FOREIGN_FONTS = /<link [^>]*href="https:\/\/fonts\.[^>]*>/g;

/** bull-board's page asks Google for its fonts, and has no setting for that. Its policy would refuse them, with an error in the console. */
function leaveFontsOut(app: Express): void {
  // Where Express keeps what `engine` sets.
  const { engines } = app as unknown as { engines: Record<string, Render> };
  const render = engines[".ejs"];
  if (render === undefined) return;
  const rendered: Render = (file, values, done) =>
    render(file, values, (error, html) => done(error, html?.replaceAll(FOREIGN_FONTS, "")));
  app.engine("ejs", rendered);
}
