/** Words of the inside, which nobody outside is to read; each is a bug where it stands in an answer. */
const INSIDE: readonly RegExp[] = [
  /prisma/i,
  /\bat \S+ \(|\(\S+:\d+:\d+\)|file:\/\//,
  /node_modules|\.(ts|js|mjs):\d+|\/(src|dist)\//,
  /\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b.+\b(FROM|VALUES|SET|WHERE)\b/,
  /\b(syntax error at|relation "|violates|constraint "|duplicate key|SQLSTATE|pg_)/i,
  /\b(TypeError|RangeError|ReferenceError|SyntaxError|ZodError|ECONN\w+)\b/,
  /Cannot read propert|is not a function|is not iterable|undefined \(reading/,
  /Unexpected (token|end of JSON)|in JSON at position/,
  /Invalid input: expected|received (undefined|null|array|object|NaN)/,
  /"internal"|Something went wrong on the server/,
];

/** Says which words of the inside stand in an answer; undefined when there are none. `sent` may be quoted and does not count. */
export function insideWords(answer: string, sent = ""): string | undefined {
  for (const pattern of INSIDE) {
    const [found] = pattern.exec(answer) ?? [];
    if (found !== undefined && !sent.includes(found)) return found;
  }
  return undefined;
}
