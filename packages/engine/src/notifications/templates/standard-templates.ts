import { en } from "./en.js";
import { fr } from "./fr.js";
import { ja } from "./ja.js";
import { ko } from "./ko.js";
import type { LocaleTexts, Templates } from "./templates.js";
import { zh } from "./zh.js";

/** The texts that come with Parley. */
export const STANDARD_TEMPLATES: Templates = {
  english: en,
  locales: new Map<string, LocaleTexts>(Object.entries({ en, fr, ja, ko, zh })),
};
