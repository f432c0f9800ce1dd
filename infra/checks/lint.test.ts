import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const biome = resolve(root, "node_modules/@biomejs/biome/bin/biome");

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join("\n");

/** Each file breaks the rule it stands beside; nursery rules may be renamed or dropped by any Biome release. */
const offenders: [rule: string, file: string, text: string][] = [
  ["nursery/noFloatingPromises", "floating.ts", "async function f() {}\nexport function g() {\n  f();\n}"],
  [
    "nursery/noMisusedPromises",
    "misused.ts",
    "async function f() {\n  return true;\n}\nexport const g = () => (f() ? 1 : 2);",
  ],
  [
    "nursery/useExhaustiveSwitchCases",
    "switch.ts",
    'export function f(k: "a" | "b") {\n  switch (k) {\n    case "a":\n      return 1;\n  }\n  return 2;\n}',
  ],
  [
    "complexity/noExcessiveLinesPerFunction",
    "function.ts",
    `export function f() {\n  let n = 0;\n${lines(41, () => "  n += 1;")}\n  return n;\n}`,
  ],
  [
    "complexity/useMaxParams",
    "parameters.ts",
    "export const f = (a = 1, b = 2, c = 3, d = 4) => a + b + c + d;",
  ],
  ["style/noExcessiveLinesPerFile", "lines.ts", lines(251, (n) => `export const n${n} = ${n};`)],
  ["style/noExcessiveLinesPerFile", "lines.test.ts", lines(401, (n) => `export const n${n} = ${n};`)],
  ["style/useFilenamingConvention", "fileName.ts", "export const a = 1;"],
  ["style/noDefaultExport", "default.ts", "export default 1;"],
  ["style/noNonNullAssertion", "assertion.ts", "export const f = (a?: string) => a!.length;"],
  ["style/useImportType", "types.ts", 'import { T } from "./kind.js";\nexport const a: T = 1;'],
  ["style/useNodejsImportProtocol", "protocol.ts", 'export { readFileSync } from "fs";'],
  ["suspicious/noExplicitAny", "any.ts", "export const f = (a: any) => a;"],
  ["suspicious/noConsole", "console.ts", 'console.log("x");'],
  [
    "nursery/noFloatingPromises",
    "foreign.ts",
    'import { later } from "@parley/contracts";\nexport const f = () => {\n  later();\n};',
  ],
  ["suspicious/noImportCycles", "cycle.ts", 'import { b } from "./other.js";\nexport const a = () => b;'],
];

const innocents: [file: string, text: string][] = [
  ["kind.ts", "export type T = number;"],
  ["other.ts", 'import { a } from "./cycle.js";\nexport const b = () => a;'],
  ["generated/client.ts", "export default 1;"],
  ["lines-allowed.test.ts", lines(399, (n) => `export const n${n} = ${n};`)],
];

let reported: Set<string>;
let workspace: string;

beforeAll(() => {
  workspace = mkdtempSync(join(tmpdir(), "parley-lint-"));
  for (const file of ["biome.json", ".gitignore"]) copyFileSync(join(root, file), join(workspace, file));
  const texts = [...offenders.map(([, file, text]) => [file, text] as const), ...innocents];
  for (const [file, text] of texts) {
    const path = join(workspace, "packages/engine/src", file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${text}\n`);
  }
  addBuiltContracts();
  reported = lint();
});

afterAll(() => rmSync(workspace, { recursive: true, force: true }));

/** Biome knows nothing of the "source" condition: it sees the types of another part as they were built. */
function addBuiltContracts() {
  const contracts = join(workspace, "packages/contracts");
  mkdirSync(join(contracts, "dist"), { recursive: true });
  copyFileSync(join(root, "packages/contracts/package.json"), join(contracts, "package.json"));
  writeFileSync(join(contracts, "dist/index.d.ts"), "export declare function later(): Promise<void>;\n");
  mkdirSync(join(workspace, "node_modules/@parley"), { recursive: true });
  symlinkSync(contracts, join(workspace, "node_modules/@parley/contracts"), "dir");
}

/** What Biome reports as errors, as "group/rule file". */
function lint(): Set<string> {
  const args = [biome, "lint", "--reporter=github", "--max-diagnostics=none", "--diagnostic-level=error"];
  let output: string;
  try {
    output = execFileSync(process.execPath, args, { cwd: workspace, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  const found = [...output.matchAll(/^::error title=lint\/([^,]+),file=(?:\S*\/)?src\/([^,]+),/gm)];
  return new Set(found.map((match) => `${match[1]} ${match[2]}`));
}

test.each(offenders)("%s reports %s", (rule, file) => {
  expect(reported).toContain(`${rule} ${file}`);
});

test("generated and innocent files are left alone", () => {
  const files = [...reported].map((report) => report.split(" ")[1]);
  for (const file of ["kind.ts", "generated/client.ts", "lines-allowed.test.ts"]) {
    expect(files).not.toContain(file);
  }
});
