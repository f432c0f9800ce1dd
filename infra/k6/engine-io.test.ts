import { expect, test } from "vitest";
import { decodeFrame, encodeConnect, encodeEvent } from "./engine-io.js";

test.each([
  ['0{"sid":"x","pingInterval":25000}', { type: "open", data: { sid: "x", pingInterval: 25_000 } }],
  ["1", { type: "close" }],
  ["2", { type: "ping" }],
  ["2probe", { type: "ping" }],
  ["6", { type: "noop" }],
  ['40{"sid":"y"}', { type: "connect", namespace: "/", data: { sid: "y" } }],
  ['40/chat,{"sid":"y"}', { type: "connect", namespace: "/chat", data: { sid: "y" } }],
  ["41/chat,", { type: "disconnect", namespace: "/chat" }],
  ["41/chat", { type: "disconnect", namespace: "/chat" }],
  ["41", { type: "disconnect", namespace: "/" }],
  ['42["hello"]', { type: "event", namespace: "/", data: ["hello"] }],
  [
    '42/chat,["new_message",{"content":"a, [b] /c,\\n"}]',
    { type: "event", namespace: "/chat", data: ["new_message", { content: "a, [b] /c,\n" }] },
  ],
  ['42/chat,7["ask",1]', { type: "event", namespace: "/chat", id: 7, data: ["ask", 1] }],
  ['43/chat,12[{"ok":true}]', { type: "ack", namespace: "/chat", id: 12, data: [{ ok: true }] }],
  ["430[]", { type: "ack", namespace: "/", id: 0, data: [] }],
  [
    '44/chat,{"message":"no","data":{"code":"token_invalid"}}',
    { type: "connect_error", namespace: "/chat", data: { message: "no", data: { code: "token_invalid" } } },
  ],
])("reads %s", (text, frame) => {
  expect(decodeFrame(text)).toEqual(frame);
});

test.each(["", "9", "x", "4", "45-1[]", '451-/chat,["file",{"_placeholder":true}]', '42/chat,["cut'])(
  "refuses %j",
  (text) => {
    expect(() => decodeFrame(text)).toThrow();
  },
);

test("what it writes, it reads back the same", () => {
  const payload = { chatId: "c", message: { content: 'quotes " and\nlines' } };
  expect(decodeFrame(encodeEvent("/chat", { name: "send_message", payload, id: 3 }))).toEqual({
    type: "event",
    namespace: "/chat",
    id: 3,
    data: ["send_message", payload],
  });
  expect(encodeEvent("/", { name: "a", payload: 1 })).toBe('42["a",1]');
  expect(encodeEvent("/chat", { name: "a", payload: 1, id: 0 })).toBe('42/chat,0["a",1]');
  expect(encodeConnect("/chat", { token: "t" })).toBe('40/chat,{"token":"t"}');
  expect(encodeConnect("/", {})).toBe("40{}");
});
