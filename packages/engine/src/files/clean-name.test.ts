import { expect, test } from "vitest";
import { cleanName } from "./clean-name.js";
import { sniffType, UNKNOWN_TYPE } from "./sniff-type.js";

test.each([
  ["report.pdf", "report.pdf"],
  ["../../etc/passwd", "passwd"],
  ["..\\..\\windows\\win.ini", "win.ini"],
  ["/", "file"],
  ["..", "file"],
  ["", "file"],
  [".htaccess", "htaccess"],
  ["a\0b\r\nSet-Cookie: x.txt", "abSet-Cookie_ x.txt"],
  ["invoice\u202egnp.exe", "invoicegnp.exe"],
  ["a\u2066\u200b\ufeffb.txt", "ab.txt"],
  ["half \ud83d.txt", "half .txt"],
  ["  two   spaces . ", "two spaces"],
  ["写真 👍.jpg", "写真 👍.jpg"],
  ["e\u0301te\u0301.txt", "\u00e9t\u00e9.txt"],
  ['a<b>:"|?*.txt', "a_b______.txt"],
  ["%2e%2e%2fetc", "%2e%2e%2fetc"],
])("the name %j becomes %j", (given, expected) => expect(cleanName(given)).toBe(expected));

test("a long name is cut by characters, and keeps its ending", () => {
  const name = cleanName(`${"👍".repeat(300)}.jpeg`);
  expect([...name]).toHaveLength(200);
  expect(name.endsWith("👍.jpeg")).toBe(true);
  expect([...cleanName("x".repeat(300))]).toHaveLength(200);
  expect(cleanName(`a.${"x".repeat(300)}`)).toHaveLength(200);
});

test.each<[string, string, string]>([
  ["PNG", "89504e470d0a1a0a0000000d4948445200000001000000010802000000", "image/png"],
  ["JPEG", "ffd8ffe000104a46494600010100000100010000", "image/jpeg"],
  ["PDF", Buffer.from("%PDF-1.7\n%").toString("hex"), "application/pdf"],
  ["MP3", "fffb9064000000000000", "audio/mpeg"],
  ["HTML", Buffer.from("<!doctype html><script>alert(1)</script>").toString("hex"), UNKNOWN_TYPE],
  [
    "SVG",
    Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>').toString("hex"),
    UNKNOWN_TYPE,
  ],
  ["a script", Buffer.from("#!/bin/sh\necho").toString("hex"), UNKNOWN_TYPE],
  ["a program", "4d5a90000300000004000000ffff0000", UNKNOWN_TYPE],
  ["Flash", "465753090000000000", UNKNOWN_TYPE],
  ["nothing", "", UNKNOWN_TYPE],
])("the type of %s is read from its bytes", async (_name, hex, type) => {
  expect(await sniffType(Buffer.from(hex, "hex"))).toBe(type);
});
