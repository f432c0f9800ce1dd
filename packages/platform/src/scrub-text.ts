// Each of these begins only where a run of its characters begins, and finds its place in the run once (a lookahead is never entered again): so a text
// is gone through a few times from end to end, whatever stands in it.

/** An address with a scheme: what follows the host may hold a token, an e-mail, or be the secret itself, as of a push endpoint. */
const ADDRESS =
  /(?<![a-z0-9+.-])(?=([a-z0-9+.-]*?)\b[a-z])\1([a-z][a-z0-9+.-]*:\/\/)(?:[^\s"'`<>/?#@]*@)?([^\s"'`<>/?#]*)[^\s"'`<>]*/gi;
const QUERY = /(?<![^\s"'`<>=])([^\s"'`<>=?]*)\?[^\s"'`<>=]*=[^\s"'`<>]*/g;
const CREDENTIALS = /\b(Bearer|Basic|vapid|WebPush)\s+[\w.~+/=:,-]+/gi;
const TOKEN = /(?<![\w-])(?=((?:[\w-]*?-)??)eyJ)\1eyJ[\w-]+\.[\w-]+\.[\w-]*/g;
/** One, or several with anything but the characters between words in between: where one ends, no run begins. */
const EMAIL = /(?<![^\s"'`<>@=:,;()])(?:[^\s"'`<>@=:,;()]+@[^\s"'`<>@]+\.[a-z]{2,})+/gi;

/**
 * Takes out of a text what nobody should read in a log, wherever it came from: what follows the host of an address, queries, credentials, tokens,
 * e-mails. A look for single characters first, because most texts have nothing of it.
 */
export function scrubText(text: string): string {
  let scrubbed = text;
  if (text.includes("://")) scrubbed = scrubbed.replace(ADDRESS, scrubAddress);
  if (text.includes("=")) scrubbed = scrubbed.replace(QUERY, "$1?…");
  if (text.includes(" ")) scrubbed = scrubbed.replace(CREDENTIALS, "$1 …");
  if (text.includes("eyJ")) scrubbed = scrubbed.replace(TOKEN, "$1…");
  return text.includes("@") ? scrubbed.replace(EMAIL, "…") : scrubbed;
}

type AddressParts = [before: string, scheme: string, host: string];

function scrubAddress(whole: string, ...[before, scheme, host]: AddressParts): string {
  const shown = `${before}${scheme}${host}`;
  return whole === shown ? whole : `${shown}/…`;
}
