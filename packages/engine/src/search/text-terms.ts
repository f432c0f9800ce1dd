// Scripts that put no spaces between words, and Korean, which glues its particles to them: any part of a text is a word there.
const CONTINUOUS_SCRIPTS = [
  "Han",
  "Hiragana",
  "Katakana",
  "Bopomofo",
  "Hangul",
  "Thai",
  "Lao",
  "Khmer",
  "Myanmar",
];
const CONTINUOUS = CONTINUOUS_SCRIPTS.map((script) => `\\p{scx=${script}}`).join("");
const IS_CONTINUOUS = new RegExp(`^[${CONTINUOUS}]`, "u");
const BREAK = new RegExp(`[ ${CONTINUOUS}]`, "gu");
const RUNS = new RegExp(`[${CONTINUOUS}]+|[^ ${CONTINUOUS}]+`, "gu");

/** Letters by which a beginning is looked up, and a whole word. What is longer is compared with the message itself. */
const BEGINNINGS = [3, 5] as const;
const WHOLE = 8;

/** The shortest beginning of a word that is searched for. */
export const LEAST_PREFIX = BEGINNINGS[0];

/** Whether a character is of a script in which any part of a text is a word. */
export function isContinuous(character: string): boolean {
  return IS_CONTINUOUS.test(character);
}

/** The first place behind `at` of a folded text where a word may begin; the end when there is none. */
export function nextBeginning(folded: string, at: number): number {
  BREAK.lastIndex = at;
  const index = BREAK.exec(folded)?.index ?? folded.length;
  if (index > at) return index;
  return at + String.fromCodePoint(folded.codePointAt(at) ?? 32).length;
}

/** By what a folded text is found: its words, their beginnings, and where there are no words each character and each pair. */
export function addTerms(terms: Set<string>, folded: string): void {
  for (const [run] of folded.matchAll(RUNS)) {
    if (isContinuous(run)) addPairs(terms, run);
    else addWord(terms, run);
  }
}

function addWord(terms: Set<string>, word: string): void {
  terms.add(wholeTerm(word));
  const letters = lettersOf(word);
  for (const length of BEGINNINGS) if (letters.length >= length) terms.add(cut(letters, length));
}

function addPairs(terms: Set<string>, run: string): void {
  let before = "";
  for (const character of run) {
    terms.add(character);
    if (before !== "") terms.add(before + character);
    before = character;
  }
}

/** What all texts that hold a folded word or phrase are found by. The last word may be the beginning of one. */
export function termsOf(folded: string, { isPrefix }: { isPrefix: boolean }): string[] {
  const terms = new Set<string>();
  const runs = [...folded.matchAll(RUNS)].map(([run]) => run);
  for (const [place, run] of runs.entries()) {
    if (isContinuous(run)) for (const term of pairTerms(run)) terms.add(term);
    else if (isPrefix && place === runs.length - 1) terms.add(prefixTerm(run));
    else terms.add(wholeTerm(run));
  }
  return [...terms];
}

function pairTerms(run: string): string[] {
  const characters = [...run];
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, place) => `${characters[place] ?? ""}${character}`);
}

/** Every word that begins like this has it among its terms. */
function prefixTerm(prefix: string): string {
  const letters = lettersOf(prefix);
  if (letters.length >= WHOLE) return wholeTerm(prefix);
  const [short, long] = BEGINNINGS;
  return cut(letters, letters.length >= long ? long : short);
}

function wholeTerm(word: string): string {
  return `=${cut(lettersOf(word), WHOLE)}`;
}

function lettersOf(word: string): string | string[] {
  return /[\ud800-\udfff]/.test(word) ? [...word] : word;
}

function cut(letters: string | string[], length: number): string {
  return typeof letters === "string" ? letters.slice(0, length) : letters.slice(0, length).join("");
}
