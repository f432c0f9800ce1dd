const BLOCK = 512;

/** What a tar ends with. */
export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK);

/**
 * The header of a file in a tar, in the form that every tar reads (ustar). `name` has at most 100 characters of ASCII; the file's bytes and
 * `tarPadding` follow.
 */
export function tarHeader(file: { name: string; size: number; modifiedAt: Date }): Uint8Array {
  const { name, size, modifiedAt } = file;
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new Error("A file of a tar needs a short, plain name");
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, "ascii");
  writeOctal(header, { at: 100, length: 8, value: 0o600 });
  writeOctal(header, { at: 108, length: 8, value: 0 });
  writeOctal(header, { at: 116, length: 8, value: 0 });
  writeOctal(header, { at: 124, length: 12, value: size });
  writeOctal(header, { at: 136, length: 12, value: Math.floor(modifiedAt.getTime() / 1_000) });
  // The sum of all bytes, with spaces in its own place.
  header.fill(" ", 148, 156);
  header.write("0", 156, "ascii");
  header.write("ustar\u000000", 257, "ascii");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148, "ascii");
  return header;
}

/** Fills a file of a tar up to whole blocks. */
export function tarPadding(size: number): Uint8Array {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}

function writeOctal(header: Buffer, { at, length, value }: { at: number; length: number; value: number }) {
  const digits = value.toString(8).padStart(length - 1, "0");
  if (digits.length >= length) throw new Error("A file of a tar is too large");
  header.write(digits, at, "ascii");
}
