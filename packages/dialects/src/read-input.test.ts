import { expect, it } from "vitest";
import { z } from "zod";
import { integerId, readInput } from "./read-input.js";

const shape = z.object({ id: integerId, text: z.string().min(1, "must not be empty"), on: z.boolean() });

it("reads what fits, ids as numbers and as digits", () => {
  expect(readInput(shape, { id: "7", text: "a", on: true, more: 1 })).toEqual({ id: 7, text: "a", on: true });
  expect(readInput(shape, { id: 7, text: "a", on: false })).toEqual({ id: 7, text: "a", on: false });
});

it("names every fault, and its place", () => {
  const faults = (given: unknown) => {
    try {
      return readInput(shape, given);
    } catch (error) {
      return error;
    }
  };
  expect(faults({ text: "", on: "yes" })).toMatchObject({
    code: "invalid_input",
    errors: [
      { path: "id", message: "is missing" },
      { path: "text", message: "must not be empty" },
      { path: "on", message: "must be a boolean" },
    ],
  });
  expect(faults({ id: 0, on: true })).toMatchObject({
    errors: [
      { path: "id", message: "must be a positive whole number" },
      { path: "text", message: "is missing" },
    ],
  });
  expect(faults(null)).toMatchObject({ code: "invalid_input", errors: [{ path: "" }] });
});

it("names no more faults than somebody would read", () => {
  const many = z.array(z.string());
  const given = Array.from({ length: 1_000 }, () => 1);
  expect(() => readInput(many, given)).toThrow(
    expect.objectContaining({ errors: expect.objectContaining({ length: 20 }) }),
  );
});
