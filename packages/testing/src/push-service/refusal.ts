/** What this service will not do: the HTTP status to answer with and, for whoever reads a failed test, the reason. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;

  constructor(status: number, reason: string) {
    super(reason);
    this.status = status;
  }
}
