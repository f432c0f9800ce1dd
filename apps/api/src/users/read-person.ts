const NAME_LENGTH = 200;
const URL_LENGTH = 2048;

/**
 * Reads `{account, nickname, avatar}`, an answer of the main server. Undefined when it is not about this account. A nickname or an avatar
 * that can't be used is left out: it must not keep anybody from chatting.
 */
export function readPerson(
  text: string,
  account: string,
): { name: string | null; picture: string | null } | undefined {
  const answer = parse(text);
  if (answer === undefined || !["string", "number"].includes(typeof answer.account)) return undefined;
  if (String(answer.account) !== account) return undefined;
  return { name: readName(answer.nickname), picture: readPicture(answer.avatar) };
}

function parse(text: string): { account?: unknown; nickname?: unknown; avatar?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function readName(value: unknown): string | null {
  if (typeof value !== "string" || value.trim() === "" || value.length > NAME_LENGTH) return null;
  // Postgres can't store NUL, and half of a surrogate pair has no UTF-8 form.
  return value.includes("\0") || /\p{Surrogate}/u.test(value) ? null : value.trim();
}

function readPicture(value: unknown): string | null {
  return typeof value === "string" && isPictureAddress(value) ? value : null;
}

/**
 * Whether other people's browsers may show an image from there: an http(s) URL, or an absolute path. Browsers take `//host`, `/\host` and
 * `/<tab>/host` for other hosts.
 */
export function isPictureAddress(text: string): boolean {
  if (text.length > URL_LENGTH || /[\s\p{C}]/u.test(text)) return false;
  return /^\/(?![/\\])/.test(text) || (/^https?:\/\//i.test(text) && URL.canParse(text));
}
