import { ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";
import type { FileStore } from "./file-store.js";

/** Throws files_unavailable where no storage is configured. */
export function fileStoreOf(engine: Engine): FileStore {
  if (engine.files === undefined) throw new ParleyError("files_unavailable");
  return engine.files;
}
