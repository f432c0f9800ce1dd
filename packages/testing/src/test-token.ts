import jwt from "jsonwebtoken";

export const TEST_JWT_SECRET = "a-secret-for-tests-that-is-long-enough";

export const TEST_GATEWAY_SECRET = "a-gateway-secret-for-tests-long-enough";

export interface TestTokenInput {
  userId: string;
  role?: string;
  name?: string;
  email?: string;
  picture?: string;
  /** Seconds from now; may be negative. */
  expiresIn?: number;
}

/** A token that a test cluster believes. */
export function testToken(input: TestTokenInput): string {
  const { userId, role = "user", expiresIn = 3_600, ...claims } = input;
  const exp = Math.floor(Date.now() / 1_000) + expiresIn;
  return jwt.sign({ sub: userId, role, exp, ...claims }, TEST_JWT_SECRET);
}
