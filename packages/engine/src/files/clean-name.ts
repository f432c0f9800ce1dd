import { LIMITS } from "@parley/contracts";

/** Of a longer ending nobody would know what it is. */
const LONGEST_ENDING = 20;

/**
 * Makes a name fit to be shown and to be saved under: the last part of a path, without control characters, without those that turn text
 * round (`gnp.exe` is not to look like `exe.png`), and not longer than 200 characters. The ending stays.
 */
export function cleanName(given: string): string {
  const name = (given.split(/[/\\]/).at(-1) ?? "")
    .normalize("NFC")
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "")
    .replace(/[<>:"|?*]/g, "_")
    .replace(/\s+/g, " ")
    .replace(/^[. ]+|[. ]+$/g, "");
  return name === "" ? "file" : shortened(name);
}

function shortened(name: string): string {
  const characters = [...name];
  if (characters.length <= LIMITS.fileNameLength) return name;
  const dot = characters.lastIndexOf(".");
  const ending = characters.length - dot <= LONGEST_ENDING ? characters.slice(dot) : [];
  return [...characters.slice(0, LIMITS.fileNameLength - ending.length), ...ending].join("");
}
