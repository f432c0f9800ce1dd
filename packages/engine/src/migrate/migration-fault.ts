/** Why migrating failed, as one sentence for the person who started it. */
export class MigrationFault extends Error {
  override readonly name = "MigrationFault";
}
