import type { ReactNode } from "react";
import { type Tone, toneClass } from "./tone.js";

/** A state in one or two words. */
export function Badge({ tone, children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`badge${toneClass(tone)}`}>{children}</span>;
}
