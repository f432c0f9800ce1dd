import { expect, test } from "vitest";
import { sameDatabase } from "./same-database.js";

test("tells once that another database answers, and passes on that none does", async () => {
  const answers = ["1.1.5", "1.1.5", new Error("away"), "1.1.5", "1.2.5", "1.3.5", "1.1.5"];
  let told = 0;
  const read = async () => {
    const answer = answers.shift() ?? "";
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const ping = sameDatabase({ read, onReplaced: () => told++ });
  await ping();
  await ping();
  await expect(ping()).rejects.toThrow("away");
  await ping();
  expect(told).toBe(0);
  for (let times = 0; times < 3; times++) await ping();
  expect(told).toBe(1);
});
