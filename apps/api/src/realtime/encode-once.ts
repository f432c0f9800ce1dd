/** An Engine.IO message as one WebSocket frame: what the server sends is not masked, so it is the same for every client. */
interface EngineFrame {
  compress: false;
  wsPreEncodedFrame: [Buffer];
}

const MESSAGE = "4";
const FINAL_TEXT = 0x81;

/** Receivers of one event follow each other, so remembering the latest is enough. */
let latestText: { text: string; bytes: Buffer } | undefined;
let latestFrame: { text: string; frame: EngineFrame } | undefined;

/** The bytes of a text, made once for all who get it. */
export function encodeText(text: string): Buffer {
  if (latestText?.text !== text) latestText = { text, bytes: Buffer.from(text) };
  return latestText.bytes;
}

/** The frame of a Socket.IO packet, made once for all who get it. */
export function encodeEngineFrame(text: string): EngineFrame {
  if (latestFrame?.text !== text)
    latestFrame = { text, frame: { compress: false, wsPreEncodedFrame: [frameOf(text)] } };
  return latestFrame.frame;
}

/** RFC 6455, 5.2. */
function frameOf(text: string): Buffer {
  const length = Buffer.byteLength(text) + MESSAGE.length;
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + length);
  frame[0] = FINAL_TEXT;
  if (head === 2) frame[1] = length;
  else if (head === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(MESSAGE, head, "latin1");
  frame.write(text, head + MESSAGE.length, "utf8");
  return frame;
}
