import { syncChanges } from "@parley/engine";
import { presentSync } from "../../native/present-sync.js";
import type { CommandHandler } from "./command-context.js";

export const changesSync: CommandHandler<"sync"> = async ({ engine, connection }, input) =>
  presentSync(await syncChanges(engine, { ...input, actor: connection.actor }));
