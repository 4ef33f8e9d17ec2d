// What a test of a Node program looks like: node --test apnea.test.mjs
import assert from "node:assert/strict";
import test from "node:test";

import { envelopes } from "./envelopes.mjs";
import { startRig } from "./served_rig.mjs";

test("an apnea is detected", { timeout: 600_000 }, async () => {
  const rig = await startRig("--scenario", "apnea", "--seed", "3", "--speed", "10");
  try {
    assert.ok(await apneaOf(rig));
  } finally {
    assert.equal(await rig.stop(), 0);
  }
});

// Here your program would be started, with rig.redis and rig.prefix, and asked whether it rang.
async function apneaOf({ redis, prefix }) {
  for await (const { type, payload } of envelopes(redis, prefix)) {
    const found = type === "core_metrics" && payload.breathing?.apnea?.find((each) => each.detected);
    if (found) return found;
  }
}
