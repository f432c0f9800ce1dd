import { fileTypeFromBuffer } from "file-type";

/** What is not known, and what a browser might run. */
export const UNKNOWN_TYPE = "application/octet-stream";

/** Bytes from a file's beginning that tell what it is. */
export const HEAD_BYTES = 4_100;

/** Types that no browser runs: everything else, such as HTML, SVG, XML and scripts, stays unknown, whatever its bytes say. */
const INERT =
  /^(image\/(png|jpeg|gif|webp|avif|heic|bmp|tiff)|(audio|video)\/[\w.+-]+|application\/(pdf|zip|gzip|x-7z-compressed|x-rar-compressed|vnd\.openxmlformats-officedocument\.[\w.-]+|vnd\.oasis\.opendocument\.[\w.-]+))$/;

/** What a file is, by its first bytes alone. */
export async function sniffType(head: Uint8Array): Promise<string> {
  // Half a file of some formats makes the library stumble.
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  const type = found?.mime.split(";")[0] ?? UNKNOWN_TYPE;
  return INERT.test(type) ? type : UNKNOWN_TYPE;
}

/** Formats that the reader of pictures takes. */
export function isPicture(mimeType: string): boolean {
  return /^image\/(png|jpeg|gif|webp)$/.test(mimeType);
}
