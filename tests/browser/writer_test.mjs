// Pages of the C writer (write_page.c, found through UMIG_WRITE_PAGE): the same figures, and the same
// harmlessness, as pages assembled here.

import { execFileSync } from "node:child_process";
import { KINDS } from "./encode.mjs";
import { check, equal, press, settle, test, textOf, withPage, writePage } from "./harness.mjs";
import { HOSTILE } from "./hostile_test.mjs";
import { largeProfile, serviceProfile } from "./service.mjs";
import { sumOf } from "./oracle.mjs";

const PROGRAM = process.env.UMIG_WRITE_PAGE;
// The kinds of include/umig/kinds.h for those of the page; dispatch is made by folding only.
const FRAME_KIND = { java: 1, groovy: 1, native: 6, kernel: 7, jvm: 8, dispatch: 1, truncated: 10, error: 9 };

const hex = (text) => Buffer.from(text, "utf8").toString("hex");

/** Stacks as write_page.c reads them. */
export function linesOf(profile, stacks) {
  const frames = profile.frames.map(({ cls, method, kind, file }) => `${FRAME_KIND[KINDS[kind]]}:${hex(cls)}:${hex(method)}:${hex(file)}`);
  return stacks.map(({ frames: ids, group, value }) => `${[value * 10_000_000, hex(profile.groups[group]), ...ids.map((id) => frames[id])].join(" ")}\n`).join("");
}

/** A page of the C writer; `words` are those of its command line. */
export function written(input, words = []) {
  return fileOf(input, words).toString("utf8");
}

/** Likewise, as bytes. */
export function fileOf(input, words) {
  return execFileSync(PROGRAM, words, { input, maxBuffer: 64 << 20 });
}

const writtenBy = (profile, stacks) => written(linesOf(profile, stacks));

async function found(page, text) {
  await page.fill("#search", text);
  await settle(page);
  return Number(await page.locator("#found").getAttribute("data-value")) / 1e7;
}

function holding(profile, stacks, text) {
  return sumOf(stacks.filter(({ frames }) => frames.some((id) => `${profile.frames[id].cls}.${profile.frames[id].method}`.includes(text))));
}

/** Registers a test of the C writer; without the program it says that it was skipped. */
export function writerTest(name, run) {
  test(`C writer: ${name}`, PROGRAM === undefined ? () => "skipped, UMIG_WRITE_PAGE is not set" : run);
}

writerTest("figures of a service equal the raw stacks, folded and unfolded", () => {
  const { profile, unfolded } = serviceProfile(12_000);
  return withPage(writePage("c-service", writtenBy(profile, unfolded)), async (page) => {
    check((await textOf(page, "#flame-note")).includes(`${sumOf(unfolded) / 100} s`), "the whole differs");
    for (const text of ["java.util.HashMap", "PriceRules.apply", "tcp_sendmsg"]) {
      equal(await found(page, text), holding(profile, unfolded, text), `folded: ${text}`);
    }
    await page.click("#fold");
    for (const text of ["IndyInterface.fromCache", "OrdersController.list"]) {
      equal(await found(page, text), holding(profile, unfolded, text), `unfolded: ${text}`);
    }
    await page.locator("#hot .method").first().click();
    check(await page.locator("#sandwich").isVisible(), "a hot method opens no sandwich");
    for (const id of ["hot", "threads", "gc", "locks", "heap", "quality", "cost"]) {
      check((await page.locator(`#${id} tbody tr`).count()) > 0, `no row in ${id}`);
    }
    equal(await page.locator("#heap svg polygon").count(), 1, "heap chart");
    equal(await page.locator(".answer p").count(), 3, "sentences");
  });
});

writerTest("hostile names stay text", async () => {
  const { profile } = serviceProfile(1);
  const kinds = Object.keys(FRAME_KIND);
  HOSTILE.forEach((name, i) => {
    const frames = [profile.frame(name, `m${i}`, kinds[i % 8], name), profile.frame(`c${i}`, name, kinds[(i + 3) % 8]), profile.frame(name, name, kinds[(i + 5) % 8])];
    profile.add(frames, profile.group(name === "" ? "empty" : name), HOSTILE.length - i);
  });
  const stacks = profile.stacks.slice(1);
  const elements = (page) => page.evaluate(() => ["script", "img", "svg", "style", "iframe", "meta", "link", "base", "form", "input", "section", "dialog"]
    .map((name) => `${name} ${document.getElementsByTagName(name).length - (name === "svg" ? document.getElementsByClassName("meter").length : 0) - (name === "input" ? document.querySelectorAll("#groups-list input").length : 0)}`));
  const { profile: tame, unfolded } = serviceProfile(500);
  const expected = await withPage(writePage("c-tame", writtenBy(tame, unfolded)), elements);
  await withPage(writePage("c-hostile", writtenBy(profile, stacks)), async (page) => {
    equal(await elements(page), expected, "elements");
    await page.locator("#graph canvas").focus();
    await press(page, "ArrowDown", "ArrowDown", ...Array(30).fill("ArrowRight"), "s", "Escape", "u");
    // By script: a name that shows nothing leaves nothing to point at.
    await page.evaluate(() => document.querySelectorAll("main .method").forEach((method) => method.click()));
  });
});

writerTest("a tree of more than 400,000 nodes loses its smallest parts, never a value", () => {
  const profile = largeProfile(15_000);
  const html = writtenBy(profile, profile.stacks);
  return withPage(writePage("c-large", html), async (page) => {
    const whole = (sumOf(profile.stacks) / 100).toFixed(0);
    const note = await textOf(page, "#flame-note");
    check(note.includes(` ${whole} s `), `the whole differs from ${whole} s: ${note}`);
    check(note.includes("smallest frames are part of their callers"), `the page does not say so: ${note}`);
    check(html.length < 2_000_000, `the page has ${html.length} bytes`);
    return `${(html.length / 1e6).toFixed(2)} MB, ${note}`;
  });
});
