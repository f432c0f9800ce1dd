import { expect, test } from "vitest";
import { originalToken } from "./original-token.js";

test.each([
  ["/ws/chat/1/chat/?token=a.b-c_d", "a.b-c_d"],
  ["/ws/chat/1/chat/?x=1&token=a%2Eb", "a.b"],
  ["?token=a?b", "a?b"],
  ["/ws/chat/1/chat/?token=", ""],
  ["/ws/chat/1/chat/?token=a&token=b", undefined],
  ["/ws/token=a/chat/", undefined],
  ["/ws/chat/1/chat/#?x&tokens=a", undefined],
  ["", undefined],
  [undefined, undefined],
])("%s has the token %j", (uri, token) => {
  expect(originalToken(uri)).toBe(token);
});
