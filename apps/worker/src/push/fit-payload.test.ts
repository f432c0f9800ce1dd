import { expect, test } from "vitest";
import { fitPayload, MAX_PAYLOAD_BYTES, type PushPayload } from "./fit-payload.js";

const graphemes = (text: string) =>
  [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text)].map(({ segment }) => segment);

/** Fits, and checks what always must hold. */
function fit(payload: PushPayload, maxBytes = MAX_PAYLOAD_BYTES) {
  const fitted = fitPayload(payload, maxBytes);
  if (!fitted) return undefined;
  expect(Buffer.byteLength(fitted.json)).toBe(fitted.bytes);
  expect(fitted.bytes).toBeLessThanOrEqual(maxBytes);
  const { body, ...rest } = JSON.parse(fitted.json) as PushPayload;
  const { body: _, ...expected }: Record<string, unknown> = payload;
  for (const field of fitted.dropped) delete expected[field];
  expect(rest).toEqual(expected);
  return { ...fitted, body };
}

test("what fits stays as it is, to the last byte", () => {
  const room = MAX_PAYLOAD_BYTES - Buffer.byteLength(JSON.stringify({ title: "Ada", body: "" }));
  const whole = fit({ title: "Ada", body: "x".repeat(room) });
  expect(whole).toMatchObject({ shortened: false, dropped: [], bytes: MAX_PAYLOAD_BYTES });
  const cut = fit({ title: "Ada", body: "x".repeat(room + 1) });
  expect(cut).toMatchObject({ shortened: true, dropped: [], bytes: MAX_PAYLOAD_BYTES });
  expect(cut?.body).toBe(`${"x".repeat(room - 3)}…`);
  expect(fit({ title: "no body at all" })).toMatchObject({ shortened: false, body: undefined });
});

test.each([
  ["emoji of two halves", "😀"],
  ["families", "👩‍👩‍👧‍👦"],
  ["flags", "🇩🇪"],
  ["skin tones", "👍🏽"],
  ["combined letters", "e\u0301"],
  ["Hangul", "각"],
  ["Devanagari", "क्षि"],
  ["line ends", "\r\n."],
  ["what JSON escapes", '\\"\u0001'],
  ["Chinese", "語"],
])("%s are cut between two characters", (_, character) => {
  const text = character.repeat(3_000);
  const whole = graphemes(text);
  for (let maxBytes = 400; maxBytes < 440; maxBytes++) {
    const body = fit({ title: "Ada", body: text }, maxBytes)?.body ?? "";
    expect(body.endsWith("…")).toBe(true);
    const kept = graphemes(body.slice(0, -1));
    expect(kept).toEqual(whole.slice(0, kept.length));
    // Nothing that would have fitted was left out: one character more, and what belongs to it, is too much.
    const more = whole.slice(0, kept.length + 2).join("");
    expect(Buffer.byteLength(JSON.stringify({ title: "Ada", body: `${more}…` }))).toBeGreaterThan(maxBytes);
  }
});

test("blanks before the cut go too", () => {
  expect(fit({ body: `one two   ${"x".repeat(50)}` }, 24)?.body).toBe("one two…");
});

test("a character that never ends leaves no half of it", () => {
  const body = `ok a${"\u0301".repeat(5_000)}`;
  expect(fit({ body }, 400)?.body).toBe("ok…");
  expect(fit({ body: `a${"\u0301".repeat(5_000)}` }, 400)?.body).toBe("…");
});

test("halves of characters that are alone do not break it", () => {
  const body = fit({ body: "\ud83d".repeat(2_000) }, 100)?.body;
  expect(body?.endsWith("…")).toBe(true);
});

test("a very long text is cut without reading it all", () => {
  expect(fit({ body: "word ".repeat(2_000_000) })).toMatchObject({ shortened: true });
});

test("only when not even an empty body fits, ornaments go, one by one", () => {
  const ornaments = {
    icon: "i".repeat(100),
    badge: "b".repeat(100),
    image: "g".repeat(100),
    actions: ["a".repeat(90)],
  };
  const payload = { title: "Ada", body: "Hello world", tag: "chat:1", data: { chatId: "c1" }, ...ornaments };
  const order = ["image", "actions", "badge", "icon"];
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  expect(fit(payload, bytes)).toMatchObject({ shortened: false, dropped: [] });
  expect(fit(payload, bytes - 11)).toMatchObject({ shortened: true, dropped: [], body: "" });
  for (let count = 1; count <= order.length; count++) {
    const dropped = order.slice(0, count);
    const { body, ...rest } = payload;
    const left = Object.fromEntries(Object.entries(rest).filter(([field]) => !dropped.includes(field)));
    const least = Buffer.byteLength(JSON.stringify({ ...left, body: "" }));
    expect(fit(payload, least)).toMatchObject({ shortened: true, dropped, body: "" });
    // What becomes free is the text's.
    expect(fit(payload, least + body.length)).toMatchObject({ shortened: false, dropped, body });
    if (count === order.length) expect(fit(payload, least - 1)).toBeUndefined();
  }
});

test("a payload whose other fields are too long is refused, not cut", () => {
  expect(fit({ title: "x".repeat(4_000), body: "y" })).toBeUndefined();
  expect(fit({ data: { text: "x".repeat(4_000) } })).toBeUndefined();
});
