import type { Signal } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { publishSignals } from "../events/publish.js";
import type { NotificationContent } from "./read-contents.js";
import { readContentsApart } from "./read-contents-apart.js";
import { wordNotification } from "./word-notification.js";

const SLICE = 200;

/**
 * Tells people's live connections of notifications; of those that can't be put into words nothing is told. Never throws: the history has
 * them.
 */
export async function announceNotifications(engine: Engine, ids: readonly string[]): Promise<void> {
  try {
    for (let from = 0; from < ids.length; from += SLICE) {
      const contents = await readContentsApart(engine, ids.slice(from, from + SLICE));
      const signals = [...contents.values()].flatMap((content) => signalOf(engine, content) ?? []);
      if (signals.length > 0) publishSignals(engine, signals);
    }
  } catch (error) {
    engine.log.warn({ err: error }, "Live connections could not be told of notifications");
  }
}

function signalOf(engine: Engine, content: NotificationContent): Signal | undefined {
  const words = wordNotification(engine, content);
  if (words === undefined) return undefined;
  const { id, userId, type, createdAt } = content;
  return {
    chatId: null,
    audience: [userId],
    body: { name: "notification.created", id, type, createdAt: createdAt.toISOString(), ...words },
  };
}
