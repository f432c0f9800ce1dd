import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import type { SchemaEngine } from "@prisma/schema-engine-wasm";
import * as bindings from "@prisma/schema-engine-wasm/schema_engine_bg";
import { type EngineTarget, openMigrationAdapter, type ScriptFailure } from "./migration-adapter.js";

// Node has it; the type libraries in use here don't name it.
declare const WebAssembly: {
  instantiate(code: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

let loaded: Promise<void> | undefined;

/**
 * Opens Prisma's schema engine on a database, hands it to `work` and closes it. It is the WebAssembly build, which
 * needs no download. `lastScriptError` tells why a script failed; the engine itself drops it.
 */
export async function withSchemaEngine<T>(
  target: EngineTarget,
  work: (engine: SchemaEngine, lastScriptError: () => ScriptFailure | undefined) => Promise<T>,
): Promise<T> {
  loaded ??= loadWasm();
  await loaded;
  const opened = openMigrationAdapter(target);
  const adapter = bindMigrationAwareSqlAdapterFactory(opened.adapter);
  const datamodel = 'datasource db {\n  provider = "postgresql"\n}\n';
  try {
    const options = { datamodels: [["schema.prisma", datamodel]] as [string, string][] };
    const engine = await bindings.SchemaEngine.new(options, () => undefined, adapter);
    try {
      return await work(engine, opened.lastScriptError);
    } finally {
      engine.free();
    }
  } finally {
    await opened.close();
  }
}

/** The package's own entry relies on bundlers importing `.wasm`, so the module is put together here. */
async function loadWasm(): Promise<void> {
  const entry = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm");
  const code = await readFile(path.join(path.dirname(entry), "schema_engine_bg.wasm"));
  const { instance } = await WebAssembly.instantiate(code, { "./schema_engine_bg.js": bindings });
  bindings.__wbg_set_wasm(instance.exports);
  const start = instance.exports.__wbindgen_start;
  if (typeof start === "function") start();
}
