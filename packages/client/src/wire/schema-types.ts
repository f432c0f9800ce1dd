// Types are read off the schemas without importing what made them: not a byte of it reaches the bundle.

/** What a schema accepts. */
export type Accepts<Schema> = Schema extends { _zod: { input: infer Input } } ? Input : never;

/** What a schema yields. */
export type Yields<Schema> = Schema extends { _zod: { output: infer Output } } ? Output : never;
