import { LIMITS, ParleyError } from "@parley/contracts";
import type { Fields } from "@parley/dialects";
import type { RawData } from "ws";
import { isNestedDeeper } from "../../is-nested-deeper.js";

/** No frame needs as much; what comes after works recursively and must not be sent through the stack's end. */
const DEPTH_LIMIT = 32;

/** Reads one frame of a dialect: a JSON object as text. Throws ParleyError. */
export function readFrame(data: RawData, isBinary: boolean): Fields {
  if (isBinary) throw badFrame("Send text frames; this one was binary.");
  // The sockets are set to hand out one Buffer per message.
  const bytes = data as Buffer;
  if (bytes.byteLength > LIMITS.frameBytes) {
    throw new ParleyError("body_too_large", {
      message: `A frame may have at most ${LIMITS.frameBytes} bytes.`,
    });
  }
  const value = parse(bytes.toString("utf8"));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badFrame("A frame must be one JSON object.");
  }
  if (isNestedDeeper(value, DEPTH_LIMIT)) {
    throw badFrame(`A frame must not be nested deeper than ${DEPTH_LIMIT}.`);
  }
  return value as Fields;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badFrame("The frame is not valid JSON.", error);
  }
}

function badFrame(message: string, cause?: unknown): ParleyError {
  return new ParleyError("invalid_json", { message, cause });
}
