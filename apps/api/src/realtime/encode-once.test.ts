import { expect, test } from "vitest";
import * as ws from "ws";
import { encodeEngineFrame, encodeText } from "./encode-once.js";

/** As the WebSocket library frames what Engine.IO gives it. */
function frameByLibrary(text: string): Buffer {
  const options = { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false };
  const { Sender } = ws as unknown as { Sender: { frame(data: Buffer, options: object): Buffer[] } };
  return Buffer.concat(Sender.frame(Buffer.from(`4${text}`), options));
}

test.each([0, 1, 123, 124, 125, 126, 65_533, 65_534, 65_535, 200_000])(
  "a packet of %i characters is framed as the WebSocket library frames it",
  (length) => {
    for (const text of ["x".repeat(length), "ü".repeat(length), "😀".repeat(length >> 2)]) {
      const { wsPreEncodedFrame } = encodeEngineFrame(text);
      expect(Buffer.concat(wsPreEncodedFrame).equals(frameByLibrary(text))).toBe(true);
    }
  },
);

test("the same text is encoded once, another one anew", () => {
  const text = JSON.stringify({ some: "event" });
  expect(encodeEngineFrame(text)).toBe(encodeEngineFrame(text));
  expect(encodeText(text)).toBe(encodeText(text));
  const first = encodeEngineFrame("a");
  expect(encodeEngineFrame("b").wsPreEncodedFrame[0].toString()).toContain("4b");
  expect(first.wsPreEncodedFrame[0].toString()).toContain("4a");
  expect(encodeText("b").toString()).toBe("b");
});
