import { expect, test } from "vitest";
import { readPerson } from "./read-person.js";

const read = (answer: object, account = "ana") => readPerson(JSON.stringify({ account, ...answer }), account);

test("a nickname and an avatar are read", () => {
  expect(read({ nickname: " Ana ", avatar: "/a.png" })).toEqual({ name: "Ana", picture: "/a.png" });
  expect(read({ nickname: "민지 🐱" })).toEqual({ name: "민지 🐱", picture: null });
  expect(readPerson('{"account": 7, "nickname": "Seven"}', "7")?.name).toBe("Seven");
});

test.each([null, 7, "", "  ", "n".repeat(201), "a\0b", "\ud800", ["Ana"]])(
  "%j is no nickname",
  (nickname) => {
    expect(read({ nickname })).toEqual({ name: null, picture: null });
  },
);

test.each(["https://p.example/a.png", "HTTP://p.example/a.png", "/media/a.png?size=64", "/"])(
  "%s is an avatar",
  (avatar) => {
    expect(read({ avatar })?.picture).toBe(avatar);
  },
);

test.each([
  "javascript:alert(1)",
  "data:image/png;base64,AAAA",
  "//evil.example/a.png",
  "/\\evil.example/a.png",
  "/\t/evil.example/a.png",
  "media/a.png",
  "https://",
  "https://p.example/a b.png",
  `https://p.example/${"a".repeat(2048)}`,
  7,
  null,
])("%j is none", (avatar) => {
  expect(read({ avatar })?.picture).toBeNull();
});
