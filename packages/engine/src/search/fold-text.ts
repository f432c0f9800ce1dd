// Except of й, which is a letter of its own.
const ACCENTS = /(?<!и)\u0306|[\u0300-\u0305\u0307-\u036f]/g;
const SEPARATORS = /[^\p{L}\p{N}\p{M}]+/gu;
const IS_WORD = /[\p{L}\p{N}\p{M}]/u;
/** Soft hyphens and joiners stand inside words, and are not seen. */
const INVISIBLE = /[\u00ad\u200b-\u200d\u2060\ufeff]/g;
/** What may become one character together: a letter, its marks, and the parts of a Korean syllable. */
const CLUSTER = /[\s\S][\p{M}\uff9e\uff9f\u1160-\u11ff]*/gu;
const IS_PLAIN = /^[ -~]*$/;
/** More marks than any script puts on one letter; putting them in order takes time that grows with the square of their number. */
const MANY_MARKS = /(?<=\p{M}{30})\p{M}+/gu;
/** UTF-16 units of a text taken apart: four for each character of the longest message. Only ligatures for whole sentences come to more. */
const MOST_TAKEN_APART = 20_000;

/** A folded text, and where in the original each of its UTF-16 units comes from. */
export interface FoldedText {
  text: string;
  starts: number[];
  ends: number[];
}

/**
 * What a text is compared by: lower case, without accents and differences of form (full and half width, ligatures), its words separated by single
 * spaces. Made here and not by Postgres, whose functions know no letters beyond ASCII where a database has the locale C.
 */
export function foldText(text: string): string {
  return foldLetters(text).replace(SEPARATORS, " ").trim();
}

/** The same, with the places; takes several times as long. */
export function foldWithPlaces(text: string): FoldedText {
  const folded: FoldedText = { text: "", starts: [], ends: [] };
  const units: string[] = [];
  let isSeparated = false;
  for (const { 0: cluster, index } of text.matchAll(CLUSTER)) {
    if (units.length >= MOST_TAKEN_APART) break;
    for (const character of foldLetters(cluster)) {
      if (!IS_WORD.test(character)) {
        isSeparated = units.length > 0;
        continue;
      }
      if (isSeparated) addUnits(folded, units, { character: " ", start: index, end: index });
      isSeparated = false;
      addUnits(folded, units, { character, start: index, end: index + cluster.length });
    }
  }
  return { ...folded, text: units.join("") };
}

function addUnits(
  { starts, ends }: FoldedText,
  units: string[],
  { character, start, end }: { character: string; start: number; end: number },
): void {
  units.push(character);
  for (let unit = 0; unit < character.length; unit++) {
    starts.push(start);
    ends.push(end);
  }
}

function foldLetters(text: string): string {
  if (IS_PLAIN.test(text)) return text.toLowerCase();
  const decomposed = text
    .replace(INVISIBLE, "")
    .replace(MANY_MARKS, "")
    .normalize("NFKD")
    .slice(0, MOST_TAKEN_APART);
  const bare = decomposed.toLowerCase().replace(ACCENTS, "");
  return bare.replaceAll("ß", "ss").replaceAll("ς", "σ").normalize("NFC");
}
