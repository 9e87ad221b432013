// Runs the browser tests: node run.mjs [part of a test's name]. One line a test, then the sum;
// exits 1 if one failed, 2 if there was none to run.

import "./data_test.mjs";
import "./page_test.mjs";
import "./hostile_test.mjs";
import "./writer_test.mjs";
import "./diff_test.mjs";
import "./exports_test.mjs";
import "./large_test.mjs";
import { closeBrowser, openBrowser, registered } from "./harness.mjs";

const LIMIT_MS = 120_000; // of one test; a page that hangs is a failure, not a wait

/** Runs one test; rejects when it takes too long. */
function runLimited(run) {
  let timer;
  const limit = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`not done after ${LIMIT_MS / 1000} s`)), LIMIT_MS)));
  return Promise.race([Promise.resolve().then(run), limit]).finally(() => clearTimeout(timer));
}

const wanted = process.argv[2] ?? "";
const chosen = registered().filter(({ name }) => name.includes(wanted));
let failed = 0;
await openBrowser();
for (const { name, run } of chosen) {
  try {
    const remark = await runLimited(run);
    console.log(`ok    ${name}${typeof remark === "string" ? `: ${remark}` : ""}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}: ${error.message}`);
  }
}
await closeBrowser();
console.log(`${chosen.length - failed} passed, ${failed} failed`);
process.exitCode = chosen.length === 0 ? 2 : failed > 0 ? 1 : 0;
