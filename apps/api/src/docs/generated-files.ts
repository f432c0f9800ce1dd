import { asyncApiDocument, openApiDocument } from "@parley/contracts";
import { type ConfigRow, configRows, configTable, envExample } from "@parley/platform";
import { apiConfigSchema } from "../config.js";
import { parleyVersion } from "./version.js";
import { workerConfigRows } from "./worker-config-rows.js";

export interface GeneratedFile {
  /** Relative to the repository. */
  path: string;
  text: string;
}

interface ProcessConfig {
  title: string;
  purpose: string;
  rows: readonly ConfigRow[];
}

/** Every file of the repository that is made from the code. */
export async function generatedFiles(root: string): Promise<GeneratedFile[]> {
  const version = parleyVersion();
  const processes: ProcessConfig[] = [
    {
      title: "API node",
      purpose: "Serves REST and sockets (`apps/api`).",
      rows: ofAnyMachine(configRows(apiConfigSchema)),
    },
    {
      title: "Worker",
      purpose: "Runs background jobs (`apps/worker`).",
      rows: ofAnyMachine(await workerConfigRows(root)),
    },
  ];
  return [
    { path: "docs/openapi.json", text: json(openApiDocument({ version })) },
    { path: "docs/asyncapi.json", text: json(asyncApiDocument({ version })) },
    { path: "docs/configuration.md", text: configurationPage(processes) },
    { path: ".env.example", text: `${ENV_HEAD}${envExample(processes)}` },
  ];
}

const ENV_HEAD = `# Made by \`npm run docs\` from the configuration schemas. \`npm start\` needs none of it.

`;

const PAGE_HEAD = `# Configuration

<!-- Made by \`npm run docs\` from the configuration schemas. -->

Every process reads its environment once, at its start. An empty variable counts as absent. If something is wrong, the
process prints all faults together and exits with code 1. \`npm start\` sets what it needs by itself; \`.env.example\` is
a template for everything else.
`;

function configurationPage(processes: readonly ProcessConfig[]): string {
  const sections = processes.map(
    ({ title, purpose, rows }) => `## ${title}\n\n${purpose}\n\n${configTable(rows)}`,
  );
  return [PAGE_HEAD, ...sections].join("\n");
}

/** A node's name is made from its host and process, which would differ in every run. */
function ofAnyMachine(rows: readonly ConfigRow[]): ConfigRow[] {
  return rows.map((row) => (row.name === "NODE_NAME" ? { ...row, default: undefined } : row));
}

function json(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
