import { describe, expect, it } from "vitest";
import { countCodePoints, emoji, externalId, metadata, textField } from "./fields.js";

const accepts = (schema: { safeParse: (value: unknown) => { success: boolean } }, value: unknown) =>
  schema.safeParse(value).success;

describe("textField", () => {
  it("counts code points, as every contract's limit does", () => {
    for (const text of ["", "abc", "日本語", "😀😀", "👨‍👩‍👧‍👦", "e\u0301"]) {
      expect(countCodePoints(text)).toBe([...text].length);
    }
    expect(accepts(textField(3), "😀😀😀")).toBe(true);
    expect(accepts(textField(3), "😀😀😀😀")).toBe(false);
  });

  it("refuses what can't be stored or sent", () => {
    for (const text of ["a\u0000", "\ud800", "\udc00x", "x\ud83d"])
      expect(accepts(textField(10), text)).toBe(false);
  });
});

describe("metadata", () => {
  const nested = (depth: number): unknown => {
    let value: unknown = 1;
    for (let level = 0; level < depth; level++) value = { inner: value };
    return value;
  };

  it("is bounded in bytes and depth", () => {
    expect(accepts(metadata, nested(8))).toBe(true);
    expect(accepts(metadata, nested(9))).toBe(false);
    expect(accepts(metadata, nested(50_000))).toBe(false);
    expect(accepts(metadata, { text: "x".repeat(5_000) })).toBe(true);
    expect(accepts(metadata, { text: "日".repeat(1_800) })).toBe(false);
  });

  it("reaches no prototype", () => {
    for (const json of ['{"a": [{"constructor": 1}]}', '{"a": {"prototype": 1}}']) {
      expect(accepts(metadata, JSON.parse(json))).toBe(false);
    }
    // At the top the key does not even get as far as being refused.
    const parsed = metadata.parse(JSON.parse('{"__proto__": {"admin": true}, "a": 1}'));
    expect(Object.entries(parsed)).toEqual([["a", 1]]);
    expect(parsed.admin).toBeUndefined();
    expect(accepts(metadata, { "a\u0000": 1 })).toBe(false);
    expect(accepts(metadata, { a: "\ud800" })).toBe(false);
    expect(accepts(metadata, { a: new Uint8Array(4) })).toBe(false);
  });
});

describe("emoji", () => {
  it("is one grapheme that is not plain text", () => {
    for (const text of ["👍", "👍🏽", "👨‍👩‍👧‍👦", "🇯🇵", "1️⃣", "❤️"])
      expect([text, accepts(emoji, text)]).toEqual([text, true]);
    // A long text is refused for its length alone: looking for its graphemes would block the process.
    expect(emoji.safeParse("👍".repeat(30_000)).error?.issues).toHaveLength(1);
    for (const text of ["", "a", "👍👍", "1", "ok👍", "\u0000"])
      expect([text, accepts(emoji, text)]).toEqual([text, false]);
  });
});

describe("externalId", () => {
  it("takes opaque printable ids", () => {
    for (const id of ["42", "user-1", "日本", "a b", "x".repeat(128)])
      expect(accepts(externalId, id)).toBe(true);
    for (const id of ["", " a", "a\n", "a\u0000", "x".repeat(129), 42, null])
      expect(accepts(externalId, id)).toBe(false);
  });
});
