// The page of a comparison, written by the C writer: what changed is bright, what chance does pale.

import { Profile } from "./encode.mjs";
import { check, equal, pixels, pointAt, press, settle, textOf, withPage, writePage } from "./harness.mjs";
import { HOSTILE } from "./hostile_test.mjs";
import { linesOf, writerTest, written } from "./writer_test.mjs";

/** One side: total has `total` samples, all others what they always have. */
function side(total, jitter = 0) {
  const profile = new Profile();
  const run = profile.frame("shop.Main", "run");
  const group = profile.group("w-1");
  const add = (value, ...names) => profile.add([run, ...names.map((name) => profile.frame("shop.Orders", name))], group, value);
  add(total, "report", "total");
  add(4000 + jitter, "report", "sort");
  add(3000 - jitter, "print");
  add(3, "rare");
  return profile;
}

const diffOf = (before, after) => written(`${linesOf(before, before.stacks)}\n${linesOf(after, after.stacks)}`, ["diff"]);

/** Chroma of the first pixels of a row of the graph, as the spread of its channels. */
async function chromaAt(page, share, row) {
  const { width } = await page.evaluate(() => ({ width: document.querySelector("#graph canvas").width }));
  const [word] = await pixels(page, { x: Math.floor(share * width), y: row * 18 + 2, width: 1, height: 1 });
  const channels = [word & 255, (word >> 8) & 255, (word >> 16) & 255];
  return { chroma: Math.max(...channels) - Math.min(...channels), isRed: channels[0] > channels[2] };
}

writerTest("comparison: what changed is bright red, what chance does is pale", () =>
  withPage(writePage("c-diff", diffOf(side(1000), side(2000, 30))), async (page) => {
    await settle(page);
    equal(await page.locator(".answer p").count(), 3, "sentences");
    check((await textOf(page, ".answer p:first-child")).startsWith("1 of 3 methods changed by itself"), "the answer");
    equal(await page.locator("#hot tbody tr").count(), 1, "methods that changed by themselves");
    equal(await page.locator("#rest tbody tr").count(), 2, "methods that did not");
    // Of 9003 samples after: report 6030 (sort 4030, then total 2000), print 2970, rare 3.
    const [sort, total] = [await chromaAt(page, 0.2, 3), await chromaAt(page, 0.6, 3)];
    check(total.isRed && total.chroma > 60, `total is not bright red: ${JSON.stringify(total)}`);
    check(sort.chroma < 40, `sort is not pale: ${JSON.stringify(sort)}`);
    await pointAt(page, "#graph", 0.6, 3);
    equal(await textOf(page, "#tip-name"), "shop.Orders.total", "the frame pointed at");
    const values = await textOf(page, "#tip-values");
    check(/before 12\.5 %, after 22\.2 %; cost (\u00d7 2\.0|\+(99|100)\.\d %), changed/.test(values), `its words: ${values}`);
    await pointAt(page, "#graph", 0.2, 3);
    check((await textOf(page, "#tip-values")).includes("no more than chance"), "words of what did not change");
  }));

writerTest("comparison: metric, colours, keys, sandwich, dark", () =>
  withPage(writePage("c-diff", diffOf(side(1000), side(2000))), async (page) => {
    await settle(page);
    await page.selectOption("#metric", "before");
    await settle(page);
    check((await textOf(page, "#flame-note")).startsWith("CPU before, 1 min 20 s") || (await textOf(page, "#flame-note")).startsWith("CPU before, 80.0 s"), await textOf(page, "#flame-note"));
    equal(await page.locator("#legend li").count(), 5, "legend of changes");
    await page.locator("#graph canvas").focus();
    await press(page, "c");
    check((await textOf(page, "#legend")).startsWith("Java"), "colours by kind");
    await press(page, "c", "c", "f", "d");
    equal(await page.locator("#legend li").count(), 5, "legend of changes again");
    equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark", "theme");
    await page.locator("#hot .method").first().click();
    check(await page.locator("#sandwich").isVisible(), "a changed method opens no sandwich");
    await pointAt(page, "#callees", 0.5, 0);
    const words = await textOf(page, "#tip-values");
    check(words.includes("method with all it calls: cost"), `words in the sandwich: ${words}`);
    await press(page, "Escape");
    equal(await page.locator("#fold").isVisible(), false, "there is one tree");
  }));

writerTest("comparison: readable without JavaScript", () =>
  withPage(writePage("c-diff", diffOf(side(1000), side(2000))), async (page) => {
    check((await textOf(page, "#hot tbody tr")).includes("Orders.total"), "the table names the method");
    check(await page.locator("noscript p").isVisible(), "nothing says why the graph is missing");
  }, { javaScriptEnabled: false }));

writerTest("comparison: nothing in common, and nothing changed", async () => {
  const other = new Profile();
  other.add([other.frame("a.B", "c")], other.group("g"), 500);
  await withPage(writePage("c-diff", diffOf(side(1000), other)), async (page) => check((await pixels(page)).length > 0, "no graph"));
  await withPage(writePage("c-diff", diffOf(side(1000), side(1000))), async (page) => {
    check((await textOf(page, ".answer p:first-child")).startsWith("Nothing changed by itself"), "the answer");
    check(await page.locator("#hot .none").isVisible(), "an empty table says so");
  });
});

writerTest("comparison: hostile names stay text", async () => {
  const evil = (start) => {
    const profile = side(1000);
    HOSTILE.forEach((name, i) => profile.add([profile.frame(name, `m${i}`), profile.frame(`c${i}`, name)], profile.group(name === "" ? "g" : name), start + i * 7));
    return profile;
  };
  const elements = (page) => page.evaluate(() => ["script", "img", "svg", "style", "iframe", "meta", "link", "base", "form", "input", "section", "dialog"]
    .map((name) => `${name} ${document.getElementsByTagName(name).length}`));
  const expected = await withPage(writePage("c-diff", diffOf(side(1000), side(2000))), elements);
  await withPage(writePage("c-diff", diffOf(evil(20), evil(400))), async (page) => {
    equal(await elements(page), expected, "elements");
    await page.locator("#graph canvas").focus();
    await press(page, "ArrowDown", "ArrowDown", ...Array(30).fill("ArrowRight"), "s", "Escape", "c", "c", "c", "d");
    await page.evaluate(() => document.querySelectorAll("main .method").forEach((method) => method.click()));
    check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "a long name makes the page scroll sideways");
  });
});
