import { isDataFault } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { noteUnrenderable } from "./note-unrenderable.js";
import { type NotificationContent, readContents } from "./read-contents.js";

/**
 * Reads what notifications say, by id. One whose stored content breaks the statement is left out, logged and counted, and the others are read all
 * the same. Throws database_unavailable.
 */
export async function readContentsApart(
  engine: Engine,
  ids: readonly string[],
): Promise<Map<string, NotificationContent>> {
  try {
    const contents = await readContents(engine, ids);
    return new Map(contents.map((content) => [content.id, content]));
  } catch (error) {
    if (!isDataFault(error)) throw error;
    if (ids.length > 1) {
      const half = Math.ceil(ids.length / 2);
      const first = await readContentsApart(engine, ids.slice(0, half));
      return new Map([...first, ...(await readContentsApart(engine, ids.slice(half)))]);
    }
    noteUnrenderable(
      engine,
      { err: error, notificationId: ids[0] },
      "A notification's content can't be read",
    );
    return new Map();
  }
}
