import { makeClientId } from "../outbox/make-client-id.js";

/** A multipart/form-data body with one file in the field `file`. */
export interface FileForm {
  body: Blob;
  /** Bytes before the file's own. */
  before: number;
}

/** Made by hand, so that its length and the file's place in it are known. A browser reads the file from the disk as it goes. */
export function fileForm(name: string, file: Blob): FileForm {
  // A backslash before the closing quote would take that into the name, and the form would have no file.
  const quoted = name.replace(/["\r\n]/g, encodeURIComponent).replace(/\\$/, "_");
  const boundary = `parley-${makeClientId()}`;
  const head = [
    `--${boundary}`,
    `Content-Disposition: form-data; name="file"; filename="${quoted}"`,
    "Content-Type: application/octet-stream",
    "\r\n",
  ].join("\r\n");
  const start = new Blob([head]);
  const type = `multipart/form-data; boundary=${boundary}`;
  return { body: new Blob([start, file, `\r\n--${boundary}--\r\n`], { type }), before: start.size };
}
