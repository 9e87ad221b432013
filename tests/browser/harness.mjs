// What the browser tests share: one Chromium, pages that record what they must not do, and checks.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

export const HERE = dirname(fileURLToPath(import.meta.url));
export const OUT = join(HERE, "out");
const CHROMIUM = process.env.UMIG_CHROMIUM ?? "/usr/bin/chromium-headless-shell";

const tests = [];

/** Registers a test; `run` gets nothing and throws when it fails. It may return a remark to print. */
export function test(name, run) {
  tests.push({ name, run });
}

export function registered() {
  return tests;
}

export function check(condition, message) {
  if (!condition) throw new Error(message);
}

export function equal(actual, expected, what) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a}, expected ${b}`);
}

let browser = null;

export async function openBrowser() {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
}

export async function closeBrowser() {
  await browser?.close();
}

/** Writes a page to the output folder and returns its URL. */
export function writePage(name, html) {
  mkdirSync(OUT, { recursive: true });
  const path = join(OUT, `${name}.html`);
  writeFileSync(path, html);
  return pathToFileURL(path).href;
}

/**
 * Opens a page, runs `body(page)`, and fails if the page made a request besides itself, logged an
 * error or a warning, threw, or opened a dialog or another page. With
 * `options.isForeign`, a page that is not ours, only what it throws counts.
 */
export async function withPage(url, body, options = {}) {
  const { init, isForeign = false, ...contextOptions } = options;
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, colorScheme: "light", reducedMotion: "reduce", ...contextOptions });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const wrongs = [];
  page.on("console", (message) => !isForeign && ["error", "warning"].includes(message.type()) && wrongs.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => wrongs.push(`error: ${error.stack}`));
  page.on("dialog", (dialog) => {
    wrongs.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  context.on("request", (request) => {
    const target = request.url();
    if (target.startsWith("blob:null/")) return; // the page's own worker, from its own memory
    if (!isForeign && target.split("#")[0] !== url && !target.startsWith("data:image/svg+xml")) wrongs.push(`request: ${target.slice(0, 200)}`);
  });
  context.on("page", () => wrongs.push("a second page opened"));
  try {
    if (init) await page.addInitScript(init);
    await page.goto(url.split("#")[0] + (options.hash ?? ""));
    const result = await body(page);
    if (options.javaScriptEnabled !== false) await settle(page); // without scripts no frame is ever asked for
    equal(wrongs, [], "what the page must not do");
    return result;
  } finally {
    await context.close();
  }
}

/** Waits until the page has drawn what was asked of it: two animation frames. */
export function settle(page) {
  return page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
}

export const textOf = (page, selector) => page.locator(selector).textContent();

/** Presses keys one after the other and lets the page draw. */
export async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
  await settle(page);
}

/** Moves over or clicks a point of a graph: x as a share of its width, row from the top. */
export async function pointAt(page, selector, share, row, isClick = false) {
  const box = await page.locator(`${selector} canvas`).boundingBox();
  const [x, y] = [box.x + share * box.width, box.y + row * 18 + 8];
  if (isClick) await page.mouse.click(x, y);
  else await page.mouse.move(x, y);
  await settle(page);
}

export const hashOf = (page) => page.evaluate(() => Object.fromEntries(new URLSearchParams(location.hash.slice(1))));

/**
 * Colours of a rectangle of the graph's canvas, as words, read through a copy: reading the canvas
 * itself more than once makes Chromium warn.
 */
export function pixels(page, rectangle = {}) {
  return page.evaluate(({ x = 0, y = 0, width, height }) => {
    const canvas = document.querySelector("#graph canvas");
    const [w, h] = [width ?? canvas.width - x, height ?? canvas.height - y];
    const copy = Object.assign(document.createElement("canvas"), { width: w, height: h }).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, x, y, w, h, 0, 0, w, h);
    return [...new Uint32Array(copy.getImageData(0, 0, w, h).data.buffer)];
  }, rectangle);
}
