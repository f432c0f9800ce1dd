import { Client } from "pg";

const WORDS = 20_000;
const BATCH = 20_000;
const SYLLABLES = [
  "ka",
  "ren",
  "to",
  "mi",
  "sol",
  "ba",
  "du",
  "ner",
  "fi",
  "lo",
  "pra",
  "ves",
  "in",
  "gor",
  "tu",
  "em",
];
const KANJI = "日本語東京都大学生先電話車駅時間今明朝夜食飲買物天気雨雪山川海空花春夏秋冬";

/** A word that is in every tenth message, and one of each million. */
export const COMMON_WORD = "and";
export const RARE_WORD = "quokka";

/** The same number always makes the same texts. */
function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function wordOf(place: number): string {
  let word = "";
  for (let rest = place + 16; rest > 0; rest = Math.floor(rest / 16)) word += SYLLABLES[rest % 16];
  return word;
}

/** A few words, common ones often and rare ones seldom; one text of eight is Japanese. */
function textOf(random: () => number): string {
  const count = 3 + Math.floor(random() * 12);
  if (random() < 1 / 8)
    return Array.from({ length: 3 * count }, () => KANJI[Math.floor(random() ** 2 * KANJI.length)]).join("");
  const words = Array.from({ length: count }, () => wordOf(Math.floor(random() ** 4 * WORDS)));
  if (random() < 0.1) words.push(COMMON_WORD);
  return words.join(" ");
}

/** Gives all stored messages texts as people write them, before anything was made of them. */
export async function fillTexts(databaseUrl: string, onProgress: (done: number) => void): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    // The texts are to be there from the beginning: no edit is to be noted.
    await client.query("SET session_replication_role = replica");
    const { rows } = await client.query(
      "SELECT min(number)::int AS first, max(number)::int AS last FROM messages",
    );
    const { first, last } = rows[0];
    const random = randomSource(1);
    for (let from = first; from <= last; from += BATCH) {
      const texts = Array.from({ length: BATCH }, () => textOf(random));
      if (from === first) texts[0] = `${texts[0]} ${RARE_WORD}`;
      await client.query(
        `UPDATE messages m SET content = t.content FROM unnest($2::text[]) WITH ORDINALITY AS t(content, place)
         WHERE m.number = $1::bigint + t.place - 1`,
        [from, texts],
      );
      onProgress(from - first + BATCH);
    }
  } finally {
    await client.end();
  }
}
