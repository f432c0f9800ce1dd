/** An address with a scheme: what follows the host may hold a token, an e-mail, or be the secret itself, as of a push endpoint. */
const ADDRESS = /\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s"'`<>/?#@]*@)?([^\s"'`<>/?#]*)[^\s"'`<>]*/gi;
const QUERY = /\?[^\s"'`<>=]*=[^\s"'`<>]*/g;
const CREDENTIALS = /\b(Bearer|Basic|vapid|WebPush)\s+[\w.~+/=:,-]+/gi;
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;
const EMAIL = /[^\s"'`<>@=:,;()]+@[^\s"'`<>@]+\.[a-z]{2,}/gi;

/**
 * Takes out of a text what nobody should read in a log, wherever it came from: what follows the host of an address, queries, credentials, tokens,
 * e-mails. A look for single characters first, because most texts have nothing of it.
 */
export function scrubText(text: string): string {
  let scrubbed = text;
  if (text.includes("://"))
    scrubbed = scrubbed.replace(ADDRESS, (whole, scheme: string, host: string) =>
      whole === `${scheme}${host}` ? whole : `${scheme}${host}/…`,
    );
  if (text.includes("=")) scrubbed = scrubbed.replace(QUERY, "?…");
  if (text.includes(" ")) scrubbed = scrubbed.replace(CREDENTIALS, "$1 …");
  if (text.includes("eyJ")) scrubbed = scrubbed.replace(TOKEN, "…");
  return text.includes("@") ? scrubbed.replace(EMAIL, "…") : scrubbed;
}
