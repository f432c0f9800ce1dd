import type { Signal } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { publishSignals } from "../events/publish.js";
import { composeNotification } from "./compose-notification.js";
import { type NotificationContent, readContents } from "./read-contents.js";
import { languageOf } from "./templates/templates.js";

const SLICE = 200;

/** Tells people's live connections of notifications. Never throws: the history has them. */
export async function announceNotifications(engine: Engine, ids: readonly string[]): Promise<void> {
  try {
    for (let from = 0; from < ids.length; from += SLICE) {
      const contents = await readContents(engine, ids.slice(from, from + SLICE));
      const signals = contents.map((content) => signalOf(engine, content));
      if (signals.length > 0) publishSignals(engine, signals);
    }
  } catch (error) {
    engine.log.warn({ err: error }, "Live connections could not be told of notifications");
  }
}

function signalOf(engine: Engine, content: NotificationContent): Signal {
  const words = composeNotification(content, languageOf(engine.templates, content.locale));
  const { id, userId, type, createdAt } = content;
  return {
    chatId: null,
    audience: [userId],
    body: { name: "notification.created", id, type, createdAt: createdAt.toISOString(), ...words },
  };
}
