// 100,000 distinct stacks: the page must load in reasonable time and stay smooth while it is zoomed
// and panned. Input comes from within the page, one step per animation frame, so that the figure is
// the page's and not that of the test's own round trips.

import { encode, dataBlock } from "./encode.mjs";
import { check, equal, settle, test, textOf, withPage, writePage } from "./harness.mjs";
import { page as writeReport } from "./sections.mjs";
import { largeProfile, serviceProfile } from "./service.mjs";
import { searchTotal } from "./oracle.mjs";

const STACKS = 100_000;
const SECONDS = 3;
const LEAST_FPS = 30; // in software rendering; 60 on a GPU

const profile = largeProfile(STACKS);
const url = writePage("large", writeReport(profile, [["folded", "Folded", profile.stacks]]));

/** Counts drawings and their time by wrapping the first call of each on the canvas. */
const countDrawings = () => {
  window.drawings = 0;
  const original = CanvasRenderingContext2D.prototype.setTransform;
  CanvasRenderingContext2D.prototype.setTransform = function (...args) {
    window.drawings++;
    return original.apply(this, args);
  };
};

/** Runs in the page: moves by `step` each animation frame for some seconds; {frames, drawings, worst}. */
const measure = ({ seconds, kind }) => new Promise((done) => {
  const canvas = document.querySelector("#graph canvas");
  const box = canvas.getBoundingClientRect();
  const at = (x, y) => ({ clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true, cancelable: true });
  const drawings = window.drawings;
  const start = performance.now();
  let frames = 0;
  let last = start;
  let worst = 0;
  const steps = {
    zoom: () => canvas.dispatchEvent(new WheelEvent("wheel", { ...at(0.3, 0.5), deltaY: Math.floor(frames / 45) % 2 ? 60 : -60, ctrlKey: true })),
    pan: () => canvas.dispatchEvent(new WheelEvent("wheel", { ...at(0.5, 0.5), deltaX: Math.floor(frames / 60) % 2 ? -25 : 25 })),
    scroll: () => { document.querySelector("#graph").scrollTop = Math.abs(((frames * 9) % 1600) - 800); },
    hover: () => canvas.dispatchEvent(new PointerEvent("pointermove", at((frames % 100) / 100, 0.2 + (frames % 37) / 60))),
  };
  const tick = (now) => {
    worst = Math.max(worst, now - last);
    last = now;
    if (now - start >= seconds * 1000) {
      done({ fps: (frames * 1000) / (now - start), drawings: window.drawings - drawings, frames, worst });
      return;
    }
    frames++;
    steps[kind]();
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
});

test(`${STACKS.toLocaleString("en-US")} distinct stacks: loads, counts and searches`, () =>
  withPage(url, async (page) => {
    equal(new Set(profile.stacks.map(({ frames }) => frames.join())).size, STACKS, "distinct stacks");
    check((await textOf(page, "#flame-note")).endsWith(`${STACKS.toLocaleString("en-US")} distinct stacks`), "the page counts other stacks");
    const loaded = await page.evaluate(() => {
      const [entry] = performance.getEntriesByType("navigation");
      return entry.domContentLoadedEventEnd;
    });
    const started = Date.now();
    await page.fill("#search", "service77.");
    const expected = searchTotal(profile, profile.stacks, (name) => name.toLowerCase().includes("service77."));
    const took = Date.now() - started;
    equal(Number(await page.locator("#found").getAttribute("data-value")) / 1e7, expected, "search total");
    check(loaded < 8000, `loading took ${Math.round(loaded)} ms, expected below 8000`);
    return `ready after ${Math.round(loaded)} ms, search in ${took} ms, oracle included`;
  }));

for (const kind of ["zoom", "pan", "scroll", "hover"]) {
  test(`${STACKS.toLocaleString("en-US")} distinct stacks: ${kind} at ${LEAST_FPS} frames a second or more`, () =>
    withPage(url, async (page) => {
      await settle(page);
      if (kind === "pan") await page.evaluate(measure, { seconds: 0.5, kind: "zoom" });
      const { fps, drawings, frames, worst } = await page.evaluate(measure, { seconds: SECONDS, kind });
      check(drawings >= frames * (kind === "hover" ? 0.6 : 0.9), // a pointer that stays on its frame changes nothing
         `drew ${drawings} times in ${frames} frames: nothing was measured`);
      check(fps >= LEAST_FPS, `${fps.toFixed(1)} frames a second, expected at least ${LEAST_FPS}`);
      return `${fps.toFixed(1)} frames a second over ${SECONDS} s, ${drawings} drawings, longest frame ${worst.toFixed(0)} ms`;
    }, { init: countDrawings }));
}

test("a session's page stays within 2 MB", () => {
  const { profile: service, folded, unfolded } = serviceProfile(60_000);
  const trees = [["folded", "Folded", folded], ["unfolded", "Unfolded", unfolded]];
  const bytes = Buffer.byteLength(writeReport(service, trees));
  const large = Buffer.byteLength(dataBlock(encode(profile, [["folded", "Folded", profile.stacks]])));
  check(bytes <= 2_000_000, `${bytes} bytes`);
  return `page of a made-up service ${(bytes / 1000).toFixed(0)} kB; block of 100,000 distinct stacks ${(large / 1e6).toFixed(2)} MB`;
});
