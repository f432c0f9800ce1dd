import type { Prisma } from "../generated/prisma/client.js";

/** What runs inside a transaction; the client itself fits where none is needed. */
export type Transaction = Prisma.TransactionClient;
