import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { parse, parseAllDocuments } from "yaml";

/** One object of Kubernetes, as far as tests look into it. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  data?: Record<string, string>;
  [field: string]: unknown;
}

interface Kustomization {
  namespace?: string;
  resources?: string[];
  images?: Array<{ name: string; newName?: string; newTag?: string }>;
  configMapGenerator?: Array<{ name: string; behavior?: "merge"; files?: string[]; literals?: string[] }>;
  patches?: Array<{ path: string }>;
}

const UNDERSTOOD = new Set([
  "apiVersion",
  "kind",
  "namespace",
  "resources",
  "images",
  "configMapGenerator",
  "patches",
]);
/** By what the entries of a list are known, so that a patch changes one instead of replacing all. */
const KEYS = ["mountPath", "containerPort", "name"];

/**
 * Puts a folder's kustomization together, for machines without kubectl. It understands what the folders here use and refuses everything else; names of
 * generated ConfigMaps get no digest. A test holds it to kubectl.
 */
export function render(folder: string): Manifest[] {
  const kustomization = readKustomization(folder);
  const manifests = (kustomization.resources ?? []).flatMap((name) => readResource(path.join(folder, name)));
  for (const generator of kustomization.configMapGenerator ?? []) generate(folder, generator, manifests);
  for (const { path: file } of kustomization.patches ?? []) {
    const patch = parse(readFileSync(path.join(folder, file), "utf8")) as Manifest;
    const place = manifests.findIndex(
      ({ kind, metadata }) => kind === patch.kind && metadata.name === patch.metadata.name,
    );
    if (place < 0) throw new Error(`${file} is for nothing`);
    manifests[place] = merge(manifests[place], patch) as Manifest;
  }
  const images = kustomization.images ?? [];
  return manifests.map((manifest) => settle(manifest, { namespace: kustomization.namespace, images }));
}

function readKustomization(folder: string): Kustomization {
  const kustomization = parse(readFileSync(path.join(folder, "kustomization.yaml"), "utf8")) as Kustomization;
  const unknown = Object.keys(kustomization).filter((field) => !UNDERSTOOD.has(field));
  if (unknown.length > 0) throw new Error(`${folder}: ${unknown.join(", ")} can't be rendered here`);
  return kustomization;
}

function readResource(place: string): Manifest[] {
  if (!existsSync(place)) throw new Error(`${place} is missing`);
  if (statSync(place).isDirectory()) return render(place);
  return parseAllDocuments(readFileSync(place, "utf8")).map((document) => document.toJS() as Manifest);
}

function generate(
  folder: string,
  { name, behavior, files = [], literals = [] }: NonNullable<Kustomization["configMapGenerator"]>[number],
  manifests: Manifest[],
): void {
  const fromFiles = files.map((file): [string, string] => {
    const [key = "", source = key] = file.split("=");
    return [path.basename(key), readFileSync(path.join(folder, source), "utf8")];
  });
  const fromLiterals = literals.map((literal): [string, string] => {
    const [key = "", ...rest] = literal.split("=");
    return [key, rest.join("=")];
  });
  const data = Object.fromEntries([...fromFiles, ...fromLiterals]);
  const known = manifests.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === name);
  if ((behavior === "merge") !== (known !== undefined))
    throw new Error(`the ConfigMap ${name} is there, or is not`);
  if (known) known.data = { ...known.data, ...data };
  else manifests.push({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data });
}

function merge(old: unknown, change: unknown): unknown {
  if (Array.isArray(old) && Array.isArray(change)) return mergeLists(old, change);
  if (!isObject(old) || !isObject(change)) return change;
  const merged: Record<string, unknown> = { ...old };
  for (const [field, value] of Object.entries(change)) {
    if (value === null) delete merged[field];
    else merged[field] = merge(old[field], value);
  }
  return merged;
}

function mergeLists(old: unknown[], change: unknown[]): unknown[] {
  const key = KEYS.find((candidate) => [...old, ...change].every((one) => isObject(one) && candidate in one));
  if (key === undefined) return change;
  const named = (one: unknown) => (isObject(one) ? one[key] : undefined);
  const changed = old.map((one) => {
    const patch = change.find((candidate) => named(candidate) === named(one));
    return patch === undefined ? one : merge(one, patch);
  });
  return [...changed, ...change.filter((one) => !old.some((known) => named(known) === named(one)))];
}

function settle(
  manifest: Manifest,
  { namespace, images }: { namespace: string | undefined; images: NonNullable<Kustomization["images"]> },
): Manifest {
  const text = JSON.stringify(manifest, (field, value: unknown) => {
    const image = field === "image" ? images.find(({ name }) => name === value) : undefined;
    return image ? `${image.newName ?? image.name}:${image.newTag}` : value;
  });
  const settled = JSON.parse(text) as Manifest;
  if (namespace !== undefined && settled.kind !== "Namespace") settled.metadata.namespace = namespace;
  return settled;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
