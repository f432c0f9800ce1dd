/** Comments, function bodies and texts: a semicolon in them ends nothing. */
const LITERALS = /--.*$|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|'(?:[^']|'')*'/gm;

const TABLE = String.raw`(?:ONLY\s+)?"?(\w+)"?`;
const CREATES = new RegExp(
  String.raw`^CREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?${TABLE}`,
  "i",
);
const INDEXES = new RegExp(
  String.raw`^CREATE\s+(?:UNIQUE\s+)?INDEX\s+(CONCURRENTLY\s+)?.*?\bON\s+${TABLE}`,
  "is",
);
/** The form in which the migrations' runner knows that it builds an index, and clears up after it. */
const BUILDS = /^CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+"?[a-z_][a-z0-9_]*"?\s+ON\s/i;
const ALTERS = new RegExp(String.raw`^ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?${TABLE}`, "i");
/** At the beginning, or in or after the parentheses of a WITH. */
const WRITES = new RegExp(
  String.raw`^(?:WITH\b.*?[()]\s*)?(?:UPDATE|DELETE\s+FROM|MERGE\s+INTO)\s+${TABLE}`,
  "is",
);
const VALIDATES = /\bVALIDATE\s+CONSTRAINT\b/i;
const ONLY_VALIDATES = new RegExp(String.raw`${ALTERS.source}\s+VALIDATE\s+CONSTRAINT\s+\S+$`, "i");

/** What an ALTER TABLE may not say of a table that is in use: each reads or writes every row while nobody else may. */
const SLOW_CHANGES = [
  {
    pattern:
      /\bADD\s+(?:CONSTRAINT\b(?!.*(?:\bNOT\s+VALID\b|\bUSING\s+INDEX\b))|(?:CHECK|UNIQUE|PRIMARY|FOREIGN)\b)/is,
    what: "adds a constraint that is not NOT VALID or USING INDEX",
  },
  {
    pattern: /\bADD\s+COLUMN\b.*\b(?:UNIQUE|PRIMARY\s+KEY|REFERENCES|CHECK)\b/is,
    what: "adds a column with a constraint",
  },
  {
    pattern:
      /\bADD\s+COLUMN\b.*(?:\b(?:BIG|SMALL)?SERIAL\b|\bIDENTITY\b|\bSTORED\b|\bDEFAULT\s+(?!now\s*\()[\w."]+\s*\()/is,
    what: "adds a column whose value is computed for every row",
  },
  { pattern: /\bTYPE\b/i, what: "changes a column's type" },
  { pattern: /\bSET\s+NOT\s+NULL\b/i, what: "looks for NULL in every row" },
  { pattern: /\bSET\s+(?:TABLESPACE|LOGGED|UNLOGGED|ACCESS\s+METHOD)\b/i, what: "writes the table anew" },
];

/** Statements that no migration needs. */
const FORBIDDEN = [
  { pattern: /^(?:SET|RESET)\b.*\b(?:lock_timeout|ALL)\b/is, what: "changes how long it waits for locks" },
  { pattern: /\bset_config\b/i, what: "changes a setting" },
  {
    pattern: /^(?:BEGIN|START|COMMIT|END|ROLLBACK|SAVEPOINT)\b/i,
    what: "takes the transaction into its own hands",
  },
  { pattern: /^(?:LOCK|CLUSTER|VACUUM|REINDEX|REFRESH)\b/i, what: "holds a table for long" },
];

/** In a block that runs at once nothing can be followed, so nothing of this may be in it. */
const IN_BLOCKS = /\b(?:INDEX|ALTER\s+TABLE|LOCK\s+TABLE|lock_timeout)\b/i;

/**
 * What in a migration's SQL could hold up those who use the tables while it runs, one sentence each; none for what only new tables feel. That
 * no lock is waited for without a limit is the work of what applies the migrations, and this sees that no migration changes it.
 */
export function breachesOf(sql) {
  const statements = statementsOf(sql);
  const made = new Set(statements.flatMap((statement) => CREATES.exec(statement)?.[1] ?? []));
  const blocks = [...sql.matchAll(/\bDO\s+(?:LANGUAGE\s+\w+\s+)?\$(\w*)\$([\s\S]*?)\$\1\$/gi)];
  return [
    ...statements.flatMap((statement) => breachesIn(statement, { made, isAlone: statements.length === 1 })),
    ...blocks
      .filter(([, , body]) => IN_BLOCKS.test(body))
      .map(() => "a DO block touches indexes, tables or lock_timeout"),
  ];
}

function statementsOf(sql) {
  const plain = sql.replaceAll(LITERALS, (literal) => (/^(?:--|\/\*)/.test(literal) ? " " : "''"));
  return plain
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

function breachesIn(statement, { made, isAlone }) {
  const [, concurrently, indexed] = INDEXES.exec(statement) ?? [];
  if (concurrently && !BUILDS.test(statement))
    return [`an index of "${indexed}" is not built as INDEX CONCURRENTLY "name" ON`];
  if (concurrently)
    return isAlone ? [] : [`an index of "${indexed}" is built concurrently beside other statements`];
  if (indexed !== undefined && !made.has(indexed))
    return [`an index of "${indexed}" is not built concurrently`];
  const altered = ALTERS.exec(statement)?.[1];
  if (altered !== undefined && !made.has(altered)) {
    // It reads every row, which holds nobody up unless another change's lock is held meanwhile.
    if (VALIDATES.test(statement) && !(isAlone && ONLY_VALIDATES.test(statement)))
      return [`"${altered}": validates a constraint beside other changes`];
    return SLOW_CHANGES.filter(({ pattern }) => pattern.test(statement)).map(
      ({ what }) => `"${altered}": ${what}`,
    );
  }
  const written = WRITES.exec(statement)?.[1];
  if (written !== undefined && !made.has(written))
    return [`rows of "${written}" are written in the same transaction`];
  return FORBIDDEN.filter(({ pattern }) => pattern.test(statement)).map(({ what }) => `a statement ${what}`);
}
