/** The most telling line at the end of a program's output, without its prefix and final full stop. */
export function tellingLine(output: string): string {
  const lines = output
    .trim()
    .split("\n")
    .filter((line) => line.trim());
  const telling =
    lines.filter((line) => /\b(FATAL|ERROR|PANIC|error|Error):/.test(line)).at(-1) ??
    lines.at(-1) ??
    "no output";
  return telling
    .replace(/^.*?\b(FATAL|ERROR|PANIC|error):\s*/, "")
    .trim()
    .replace(/\.$/, "");
}
