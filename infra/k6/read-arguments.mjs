import { Fault } from "../local/run-command.mjs";

const USAGE = "npm run k6 -- <scenario> [--url <address>] [--vus <n>] [--duration <time>] [k6 options]";

/** k6's own options of these names would replace the scenario by a plain loop: they are settings of ours instead. */
const SETTINGS = { "--vus": "VUS", "-u": "VUS", "--duration": "DURATION", "-d": "DURATION" };

/**
 * Reads what follows `npm run k6 --`: `{scenario, url, settings, k6Args}`; `url` is undefined where a cluster of its own is wanted. `scenarios` are the names there are. Throws
 * a Fault that says what is wrong.
 */
export function readArguments(args, { env, scenarios }) {
  const [scenario = "", ...rest] = args;
  if (!scenarios.includes(scenario)) {
    throw new Fault(`There is no scenario named "${scenario}": ${scenarios.join(", ")}.\n${USAGE}`);
  }
  const read = { scenario, url: env.BASE_URL || undefined, settings: {}, k6Args: [] };
  const words = rest.flatMap((word) => (/^--\w+=/.test(word) ? split(word) : [word]));
  while (words.length > 0) {
    const word = words.shift();
    const setting = SETTINGS[word];
    if (word !== "--url" && setting === undefined) {
      read.k6Args.push(word);
      continue;
    }
    const value = words.shift();
    if (value === undefined) throw new Fault(`${word} wants a value.\n${USAGE}`);
    if (setting) read.settings[setting] = value;
    else read.url = value;
  }
  if (read.url !== undefined) read.url = readUrl(read.url);
  return read;
}

function split(word) {
  const name = word.slice(0, word.indexOf("="));
  return name === "--url" || name in SETTINGS ? [name, word.slice(name.length + 1)] : [word];
}

function readUrl(text) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.host) return text.replace(/\/+$/, "");
  throw new Fault(`"${text}" is no address: it must be one like http://127.0.0.1:8080.`);
}
