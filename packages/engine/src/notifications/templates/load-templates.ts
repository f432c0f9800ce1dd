import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { STANDARD_TEMPLATES } from "./standard-templates.js";
import {
  isTemplateKey,
  type LocaleTexts,
  TEMPLATE_PLACEHOLDERS,
  type TemplateKey,
  type Templates,
  type TemplateText,
} from "./templates.js";

const PLURALS: readonly string[] = ["zero", "one", "two", "few", "many", "other"];
const LONGEST_TEXT = 500;

/**
 * Reads texts from a folder with one `<language tag>.json` per language, over those that come with Parley: a file may have a part of the
 * keys; in a language that Parley has not, English stands for the rest. Throws an Error that names every fault.
 */
export async function loadTemplates(folder: string): Promise<Templates> {
  const locales = new Map(STANDARD_TEMPLATES.locales);
  const faults: string[] = [];
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort(byBase);
  for (const name of names) {
    const tag = name.slice(0, -".json".length).toLowerCase();
    if (!isLanguageTag(tag)) {
      faults.push(`${name}: is not named after a language, as ja.json or pt-BR.json`);
      continue;
    }
    const texts = parseTexts(await readFile(path.join(folder, name), "utf8"), (fault) =>
      faults.push(`${name}: ${fault}`),
    );
    locales.set(tag, { ...baseOf(locales, tag), ...texts });
  }
  if (faults.length > 0) {
    throw new Error(
      `The notification templates in ${folder} have ${faults.length} faults: ${faults.join("; ")}`,
    );
  }
  return { english: locales.get("en") ?? STANDARD_TEMPLATES.english, locales };
}

function baseOf(locales: ReadonlyMap<string, LocaleTexts>, tag: string): LocaleTexts {
  const [language = ""] = tag.split("-");
  return locales.get(tag) ?? locales.get(language) ?? locales.get("en") ?? STANDARD_TEMPLATES.english;
}

/** What stands for others' missing texts comes before them: English, then languages, then their variants. */
function byBase(left: string, right: string): number {
  const place = (name: string) => (name.toLowerCase() === "en.json" ? 0 : name.length);
  return place(left) - place(right) || left.localeCompare(right);
}

function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

function parseTexts(
  json: string,
  report: (fault: string) => void,
): Partial<Record<TemplateKey, TemplateText>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    parsed = null;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    report("is no JSON object");
    return {};
  }
  const texts: Partial<Record<TemplateKey, TemplateText>> = {};
  for (const [key, value] of Object.entries(parsed)) {
    const fault = isTemplateKey(key) ? faultOf(key, value) : "is no text of a notification";
    if (fault !== undefined) report(`${key} ${fault}`);
    else if (isTemplateKey(key)) texts[key] = value as TemplateText;
  }
  return texts;
}

function faultOf(key: TemplateKey, value: unknown): string | undefined {
  const forms = typeof value === "string" ? { other: value } : value;
  if (typeof forms !== "object" || forms === null || !("other" in forms)) {
    return "must be a text, or an object of plural forms with `other` among them";
  }
  const known: readonly string[] = TEMPLATE_PLACEHOLDERS[key];
  for (const [form, text] of Object.entries(forms)) {
    if (!PLURALS.includes(form)) return `has a plural form ${form}, which no language has`;
    if (typeof text !== "string" || text.length > LONGEST_TEXT)
      return `must be texts of at most ${LONGEST_TEXT} characters`;
    const foreign = [...text.matchAll(/\{([^}]*)\}/g)].find(([, name = ""]) => !known.includes(name));
    if (foreign !== undefined)
      return `has ${foreign[0]}; it can have ${known.map((name) => `{${name}}`).join(", ") || "no placeholder"}`;
  }
  return undefined;
}
