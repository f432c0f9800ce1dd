import { expect, test } from "vitest";
import { judgeVariants } from "./judge-variants.js";

const of = (name: string, sent: number, clicked: number) => ({ name, sent, clicked });

test("few pushes decide nothing, however far apart", () => {
  expect(judgeVariants([of("a", 99, 90), of("b", 500, 1)])).toMatchObject({ winner: undefined });
  expect(judgeVariants([of("a", 0, 0), of("b", 0, 0)]).words).toContain("Too early");
});

test("a difference within chance names no winner, one beyond it does", () => {
  expect(judgeVariants([of("a", 1000, 50), of("b", 1000, 60)]).winner).toBeUndefined();
  expect(judgeVariants([of("a", 1000, 50), of("b", 1000, 90)]).winner).toBe("b");
  expect(judgeVariants([of("a", 1000, 0), of("b", 1000, 0)]).winner).toBeUndefined();
});

test("many texts need a larger difference, because one of them leads by chance", () => {
  const others = Array.from({ length: 8 }, (_, index) => of(`x${index}`, 1000, 50));
  expect(judgeVariants([of("a", 1000, 50), of("b", 1000, 74)]).winner).toBe("b");
  expect(judgeVariants([of("a", 1000, 50), of("b", 1000, 74), ...others]).winner).toBeUndefined();
});
