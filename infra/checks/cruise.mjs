import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import swc from "@swc/core";
import { cruise } from "dependency-cruiser";
import { arrows, boundaryRules, testingPart } from "./boundary-rules.mjs";

// The cruiser has no way to say that a file has JSX in it, and its parser takes none where nobody says so.
const { parseFileSync } = swc;
swc.parseFileSync = (file, options) => parseFileSync(file, { ...options, tsx: /\.[jt]sx$/.test(file) });

const groups = ["apps", "packages"];
const generated = /^packages\/engine\/src\/generated\//;

const cruiseOptions = {
  // With only TypeScript 7 installed the default parser skips every .ts file and reports success.
  parser: "swc",
  tsPreCompilationDeps: true,
  combinedDependencies: true,
  doNotFollow: { path: ["(^|/)node_modules/", generated.source] },
  exclude: { path: "(^|/)dist/" },
  validate: true,
  ruleSet: { forbidden: boundaryRules },
  enhancedResolveOptions: {
    exportsFields: ["exports"],
    conditionNames: ["source", "import", "types", "node", "default"],
    mainFields: ["module", "main", "types"],
    extensions: [".ts", ".tsx", ".js", ".mjs", ".cjs", ".json", ".d.ts"],
  },
};

/** The parts of a workspace, as "apps/api", "packages/engine", … */
const partsOf = (root) =>
  groups.flatMap((group) =>
    readdirSync(join(root, group), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${group}/${entry.name}`)
      .filter((part) => sourceFiles(root, part).length > 0),
  );

function sourceFiles(root, part) {
  if (!existsSync(join(root, part, "src"))) return [];
  const files = readdirSync(join(root, part, "src"), { recursive: true }).map(
    (file) => `${part}/src/${file.replaceAll("\\", "/")}`,
  );
  return files.filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts") && !generated.test(file));
}

const partOf = (path) => /^(?:apps|packages)\/[^/]+(?=\/)/.exec(path)?.[0];

function crossEdges(modules) {
  const edges = modules.flatMap(({ source, dependencies }) =>
    dependencies.map(({ resolved }) => ({ from: partOf(source), to: partOf(resolved) })),
  );
  return edges.filter(({ from, to }) => from && to && from !== to);
}

/** A cruise that saw less than the tree holds would pass any rule, so say what it missed. */
function blindSpots({ root, parts, modules, edges }) {
  const seen = new Set(modules.map((module) => module.source));
  const unseen = parts.flatMap((part) => sourceFiles(root, part)).filter((file) => !seen.has(file));
  const unknown = parts.filter((part) => part !== testingPart && !(part in arrows));
  const missing = parts.flatMap((part) => {
    const manifest = JSON.parse(readFileSync(join(root, part, "package.json"), "utf8"));
    const reached = new Set(edges.filter((edge) => edge.from === part).map((edge) => edge.to?.split("/")[1]));
    return Object.keys(manifest.dependencies ?? {})
      .filter((name) => name.startsWith("@parley/") && !reached.has(name.slice("@parley/".length)))
      .map((name) => `${part} depends on ${name}, but no import of it was seen`);
  });
  return [
    ...(parts.length === 0 ? ["no part of the workspace has any source"] : []),
    ...unknown.map((part) => `${part} has no line in the arrows of boundary-rules.mjs`),
    ...unseen.map((file) => `${file} was not read`),
    ...missing,
  ];
}

/**
 * Cruises one workspace and tells what broke a rule and what escaped the check.
 * @typedef {{ rule: string, from: string, to: string }} Violation
 * @param {string} root
 * @returns {Promise<{ moduleCount: number, crossEdgeCount: number, violations: Violation[], blindSpots: string[] }>}
 */
export async function cruiseWorkspace(root) {
  const parts = partsOf(root);
  const { output } = await cruise(
    parts.map((part) => `${part}/src`),
    { ...cruiseOptions, baseDir: root },
    { extensionAlias: { ".js": [".ts", ".tsx", ".js"] }, bustTheCache: true },
  );
  const modules = output.modules.filter(({ source }) => partOf(source) && !generated.test(source));
  const edges = crossEdges(modules);
  return {
    moduleCount: modules.length,
    crossEdgeCount: edges.length,
    violations: output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
    blindSpots: blindSpots({ root, parts, modules, edges }),
  };
}
