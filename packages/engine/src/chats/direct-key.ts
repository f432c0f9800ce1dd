/** What names the chat of two people, whoever of them opens it. */
export function directKeyOf(one: string, other: string): string {
  return JSON.stringify([one, other].sort());
}
