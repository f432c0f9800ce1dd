/**
 * Seats virtual users (1 to `vus`) in chats, the contracts in turn: `{contract, seats}` per chat. A contract is `{name, isForPairs}`; its
 * chats take two people, others `chatSize`, or two where the users would not last for a chat of each contract. A chat that
 * is left with one user gets somebody more, who never connects. Throws an Error when a contract goes without a chat.
 */
export function planChats({ vus, chatSize, contracts }) {
  const sizes = contracts.map(({ isForPairs }) => (isForPairs ? 2 : chatSize));
  const isScarce = vus < sizes.reduce((sum, size) => sum + size, 0);
  const chats = [];
  for (let next = 1; next <= vus; ) {
    const turn = chats.length % contracts.length;
    const size = isScarce && contracts.length > 1 ? 2 : Math.max(2, Math.min(sizes[turn], vus - next + 1));
    chats.push({
      contract: contracts[turn].name,
      seats: Array.from({ length: size }, (_, seat) => next + seat),
    });
    next += size;
  }
  if (chats.length >= contracts.length) return chats;
  throw new Error(
    `VUS is ${vus} and must be at least ${contracts.length * 2 - 1}: each contract wants a chat.`,
  );
}
