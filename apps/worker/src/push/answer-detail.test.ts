import { expect, test } from "vitest";
import { describeAnswer } from "./answer-detail.js";

const endpoint = new URL("https://fcm.googleapis.com/fcm/send/c1KrmpTuRm:APA91bGyL?x=1");

test.each([
  ['{"reason":"BadJwtToken"}', "BadJwtToken"],
  [
    '{"code":401,"errno":109,"error":"Unauthorized","message":"Invalid Authorization"}',
    "Invalid Authorization",
  ],
  ['{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}}', "Quota exceeded"],
  ["no valid subscription\n", "no valid subscription"],
  ["<html>\n  <h1>Bad\u0000\u001b[31m</h1>", "<html> <h1>Bad [31m</h1>"],
  ['{"errno":1}', '{"errno":1}'],
  ["", undefined],
  [" \n", undefined],
  ["null", "null"],
])("%j is told as %j", (text, expected) => expect(describeAnswer(text, endpoint)).toBe(expected));

test("an endpoint is a secret, and long texts are cut", () => {
  expect(describeAnswer(`token c1KrmpTuRm:APA91bGyL is not registered`, endpoint)).toBe(
    "token … is not registered",
  );
  expect(describeAnswer(`see ${endpoint.href} for more`, endpoint)).toBe("see … for more");
  const windows = new URL("https://wns2-par02p.notify.windows.com/w/?token=BQYAAAD%2bqRmT");
  expect(describeAnswer("channel BQYAAAD%2bqRmT (BQYAAAD+qRmT) is over", windows)).toBe(
    "channel … (…) is over",
  );
  expect(describeAnswer("x".repeat(1000), endpoint)).toHaveLength(200);
});
