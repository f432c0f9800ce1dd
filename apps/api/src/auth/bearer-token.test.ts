import { expect, test } from "vitest";
import { bearerToken } from "./bearer-token.js";

test.each([
  ["Bearer abc", "abc"],
  ["bearer  abc ", "abc"],
  ["Basic abc", undefined],
  ["Bearer", undefined],
  ["Bearer a b", undefined],
  ["abc", undefined],
  [undefined, undefined],
])("the token of %j is %j", (header, token) => {
  expect(bearerToken(header)).toBe(token);
});
