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

/** A stack of samples of a kind, as write_page.c reads it. */
const stackOf = (value, group, ...frames) =>
  `${[value, hex(group), ...frames.map(([kind, cls, method]) => `${kind}:${hex(cls)}:${hex(method)}:`)].join(" ")}\n`;

/** What a section says where it has no figures: the statements of its visible tables and lists. */
const statements = (page) => page.evaluate(() => Object.fromEntries([...document.querySelectorAll("main section")]
  .map((section) => [section.id, [...section.querySelectorAll(".none")].filter((none) => none.checkVisibility()).map((none) => none.textContent)])));

const NOT_ASKED = /^Not (asked for|measured): the session was started without [a-z]+\.$/;

writerTest("a session of allocation only: readable without scripts, one statement a section that was not measured", () => {
  const [java, allocated, outside] = [1, 14, 15];
  const input = stackOf(3 << 20, "exec-1", [java, "svc.Export", "write"], [allocated, "byte[]", ""]) +
    stackOf(1 << 20, "exec-1", [java, "svc.Export", "write"], [outside, "long[]", ""]);
  return withPage(writePage("c-alloc", written(input, ["alloc"])), async (page) => {
    const table = (n) => page.locator("#allocation table").nth(n).locator("tbody tr").allInnerTexts();
    const row = (text) => text.split(/\s+/).filter((word) => word !== "").join(" ");
    equal((await table(0)).map(row), ["byte[] 3.0 MiB 75 % 1", "long[] 1.0 MiB 25 % 1 100 %"], "by class");
    equal((await table(1)).map(row), ["svc.Export.write byte[] 3.0 MiB 75 % 1", "svc.Export.write long[] 1.0 MiB 25 % 1 100 %"], "by place");
    equal((await table(2)).map(row), ["svc.Export.write 4.0 MiB 100 % 2 25 %"], "by line");
    const said = await statements(page);
    for (const id of ["hot", "sites", "paths", "threads", "wall", "gc", "safepoints", "locks", "pools", "heap", "live", "jvm"]) {
      check(said[id].length === 1 && NOT_ASKED.test(said[id][0]), `${id} says ${JSON.stringify(said[id])}`);
    }
    equal(said.allocation, [], "statements of a section with figures");
    equal(await page.locator("main .note", { hasText: /^0 / }).count(), 0, "notes that begin with a zero");
  }, { javaScriptEnabled: false });
});

writerTest("wall time: states, pools and places are tables", () => {
  const [java, state] = [1, 13];
  const input = stackOf(4e9, "exec-1", [java, "svc.Queue", "take"], [state, "", "parked"]);
  return withPage(writePage("c-wall", written(input, ["wall"])), async (page) => {
    for (let n = 0; n < 3; n++) equal(await page.locator("#wall table").nth(n).locator("tbody tr").count(), 1, `rows of table ${n}`);
    check((await textOf(page, "#wall")).includes("svc.Queue.take"), "no place");
    check((await textOf(page, "#wall .note")).startsWith("4 s of 1 thread,"), `note: ${await textOf(page, "#wall .note")}`);
  });
});

writerTest("a session without stacks keeps the theme and says that there is no graph", () =>
  withPage(writePage("c-no-stacks", written("", ["locks"])), async (page) => {
    equal(await textOf(page, "#flame-error"), "There is no flame graph: no stack was sampled in this session.", "message");
    for (const id of ["flame-tools", "graph", "legend", "flame-note"]) check(!(await page.locator(`#${id}`).isVisible()), `${id} shows`);
    const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await colour();
    await page.click("#theme");
    check((await colour()) !== light, "the button does nothing");
    await press(page, "d");
    equal(await colour(), light, "after d");
    equal((await statements(page)).locks, ["No thread waited for a lock."], "Contention");
  }));

writerTest("a narrow window does not scroll sideways", () => {
  const { profile, unfolded } = serviceProfile(2_000);
  return withPage(writePage("c-narrow", writtenBy(profile, unfolded)), async (page) => {
    await settle(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    check(width <= 420, `the page is ${width} pixels wide`);
  }, { viewport: { width: 420, height: 800 } });
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
