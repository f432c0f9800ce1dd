/** What something means to an operator. Colour is never the only sign of it: words or a shape say it, too. */
export type Tone = "good" | "warn" | "bad" | "accent" | "plain";

export const toneClass = (tone: Tone | undefined): string =>
  tone === undefined || tone === "plain" ? "" : ` is-${tone}`;
