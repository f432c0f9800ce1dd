import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";

const LIMIT_BYTES = 20 * 1024;

it("is small: under 20 KB gzipped without socket.io-client, and without zod", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL("./index.ts", import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["source"],
    external: ["socket.io-client"],
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  const gzipped = gzipSync(code, { level: 9 }).byteLength;
  process.stdout.write(`@parley/client: ${code.byteLength} bytes minified, ${gzipped} gzipped\n`);
  expect(Object.keys(metafile.inputs).filter((path) => /zod|contracts/.test(path))).toEqual([]);
  expect(gzipped).toBeGreaterThan(1_000);
  expect(gzipped).toBeLessThan(LIMIT_BYTES);
});
