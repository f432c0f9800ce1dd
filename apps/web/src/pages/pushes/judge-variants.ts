export interface VariantCount {
  name: string;
  sent: number;
  clicked: number;
}

export interface Verdict {
  winner: string | undefined;
  words: string;
}

/** Fewer say nothing, whatever their share. */
const LEAST_SENT = 100;

const LEVEL = 0.05;

/** Whether the best text is better than the second by more than chance: a test of two shares, held against all pairs that might have led (Bonferroni). */
export function judgeVariants(variants: readonly VariantCount[]): Verdict {
  const [best, second] = [...variants].sort((a, b) => shareOf(b) - shareOf(a));
  if (best === undefined || second === undefined) return { winner: undefined, words: "" };
  if (Math.min(best.sent, second.sent) < LEAST_SENT)
    return {
      winner: undefined,
      words: `Too early to say: each text needs at least ${LEAST_SENT} sent pushes.`,
    };
  const pooled = (best.clicked + second.clicked) / (best.sent + second.sent);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / best.sent + 1 / second.sent));
  const z = error === 0 ? 0 : (shareOf(best) - shareOf(second)) / error;
  const pairs = (variants.length * (variants.length - 1)) / 2;
  if (chanceOf(z) * pairs > LEVEL)
    return { winner: undefined, words: "No text is better by more than chance (5 % level)." };
  return {
    winner: best.name,
    words: `“${best.name}” is clicked more often by more than chance (5 % level).`,
  };
}

function shareOf({ sent, clicked }: VariantCount): number {
  return sent === 0 ? 0 : clicked / sent;
}

/** How likely a difference of so many standard errors or more is by chance, to either side (Abramowitz and Stegun 26.2.17). */
function chanceOf(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 2 * (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}
