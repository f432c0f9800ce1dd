/** A fault whose message is one sentence for the person at the terminal: what is wrong and what to do. */
export class LocalFault extends Error {
  override readonly name = "LocalFault";
}
