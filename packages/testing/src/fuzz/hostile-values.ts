/** JSON text of one value, as somebody might write it by hand. */
export type JsonText = string;

const text = (value: unknown): JsonText => JSON.stringify(value);

/** `{"a":{"a":…}}` with so many levels. */
export function deepJson(levels: number): JsonText {
  return `${'{"a":'.repeat(levels - 1)}{}${"}".repeat(levels - 1)}`;
}

const NUMBERS: readonly JsonText[] = [
  "0",
  "-0",
  "-1",
  "0.5",
  "1.0000000000000002",
  "1e9",
  "2147483648",
  "9007199254740991",
  "9007199254740993",
  "-9223372036854775809",
  "99999999999999999999999999",
  "1e400",
  "-1e400",
  "5e-324",
];

const STRINGS: readonly JsonText[] = [
  '""',
  '" "',
  '"\\t\\r\\n"',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"a\\ud83d"',
  '"\\ufeff"',
  '"\\ufffe"',
  '"\\u202e"',
  '"\\u200d"',
  '" a"',
  '"NaN"',
  '"Infinity"',
  '"null"',
  '"true"',
  '"0"',
  '"-1"',
  '"01"',
  '"1e3"',
  '"1.5"',
  '"0x10"',
  '"９"',
  '"99999999999999999999"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"../../etc/passwd"',
  '"\'; DROP TABLE messages; --"',
  '"%00"',
  '"{{7*7}}"',
  text("x".repeat(129)),
  text("x".repeat(1_001)),
  text("x".repeat(5_001)),
  text("😀".repeat(5_001)),
  text("\u0301".repeat(2_000)),
];

const OTHERS: readonly JsonText[] = [
  "null",
  "true",
  "false",
  "[]",
  "{}",
  "[1]",
  '["a"]',
  "[[[[]]]]",
  '[{"a":1}]',
  '{"toString":"x"}',
  '{"length":1,"0":"a"}',
  '{"$ne":1}',
  '{"__proto__":{"role":"admin"}}',
  '{"constructor":{"prototype":{"role":"admin"}}}',
  deepJson(30),
  deepJson(33),
  deepJson(3_000),
  `[${"0,".repeat(9_999)}0]`,
];

/** Values that a field may be made to hold. */
export function hostileValues(ids: readonly unknown[]): JsonText[] {
  return [...OTHERS, ...NUMBERS, ...STRINGS, ...ids.map(text)];
}

/** Strings for the parts of an address. */
export function hostileStrings(ids: readonly unknown[]): string[] {
  const written = STRINGS.map((value) => JSON.parse(value) as string).filter((value) => value.length < 1_100);
  return [...NUMBERS, ...written, ...ids.map(String)];
}
