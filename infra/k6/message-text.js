/** The text of a load test's message, which names it in the whole run and says when it was first sent (milliseconds of the clock). */
export function messageText({ user, count, sentAt }) {
  return `k6 ${user} ${count} ${sentAt}`;
}

/** Reads such a text back; undefined for everything else, such as what the system says in a chat. */
export function readMessageText(text) {
  const [, user, count, sentAt] = /^k6 (\S+) (\d+) (\d+)$/.exec(text) ?? [];
  return user === undefined ? undefined : { user, count: Number(count), sentAt: Number(sentAt) };
}
