import type { Fields } from "../dialect-socket.js";

/** The fields of a frame, which the seed's own front end puts into `data` for some frames and at the top for others. */
export function fieldsOf(frame: Fields): Fields {
  const { data } = frame;
  const inner = typeof data === "object" && data !== null && !Array.isArray(data) ? data : {};
  return { ...inner, ...frame };
}
