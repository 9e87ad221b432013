// The page as a person uses it, on the made-up service; every figure is checked against oracle.mjs.

import { Profile } from "./encode.mjs";
import { check, equal, hashOf, pixels, pointAt, press, settle, test, textOf, withPage, writePage } from "./harness.mjs";
import { heaviestBelow, heaviestPath, sandwichOf, searchName, searchTotal, sumOf } from "./oracle.mjs";
import { methodSums, page as writeReport } from "./sections.mjs";
import { serviceProfile } from "./service.mjs";

const { profile, folded, unfolded } = serviceProfile();
const url = writePage("service", writeReport(profile, [["folded", "Folded", folded], ["unfolded", "Unfolded", unfolded]]));
const slow = new Profile([{ id: "cpu", label: "CPU", unit: "ns", scale: 10_000_000 }]); // for (a+)+$
slow.add([slow.frame("", `${"a".repeat(64)}b`)], slow.group("main"), 7, "cpu");
const NS = 10_000_000; // of one sample
const nameOf = (id) => searchName(profile.frames[id]);
const path = heaviestPath(folded);
const share = (value) => `${((100 * value) / sumOf(folded)).toFixed(1)} %`;

/** Waits until a search has its answer: an expression's comes from a worker. */
async function searched(page) {
  await page.waitForFunction(() => !document.getElementById("found").textContent.startsWith("searching"));
  await settle(page);
}

/** Types a search and returns the matched total in samples. */
async function found(page, text) {
  await page.fill("#search", text);
  await searched(page);
  return Number(await page.locator("#found").getAttribute("data-value")) / NS;
}

async function sums(page) {
  const data = await page.locator("#sandwich-sums").evaluate((e) => ({ ...e.dataset }));
  return { self: data.self / NS, total: data.total / NS };
}

test("loads without an error, a request or a dialog, and draws the graph", () =>
  withPage(url, async (page) => {
    await settle(page);
    const colours = new Set(await pixels(page)).size;
    check(colours > 20, `the canvas has ${colours} colours`);
    check((await textOf(page, "#flame-note")).includes(`${sumOf(folded) / 100} s`), "the note lacks the whole CPU time");
    check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page scrolls sideways");
  }));

test("is readable without JavaScript: sentences, every table, the chart", () =>
  withPage(url, async (page) => {
    const rows = (id) => page.locator(`#${id} tbody tr`).count();
    equal(await page.locator(".answer p").count(), 3, "sentences");
    equal([await rows("hot"), await rows("threads")], [25, profile.groups.length], "rows of hot methods and threads");
    for (const id of ["gc", "locks", "heap", "quality", "cost"]) check((await rows(id)) > 0, `no row in ${id}`);
    const hottest = methodSums(folded).sort((a, b) => b.self - a.self)[0];
    check((await textOf(page, "#hot tbody tr:first-child")).includes(profile.frames[hottest.id].method), "hottest method is not first");
    check(await page.locator("#heap svg polygon").isVisible(), "no heap chart");
    check(await page.locator("noscript p").isVisible(), "nothing says why the graph is missing");
    for (const id of ["flame-tools", "graph", "tip", "sandwich", "theme"]) check(!(await page.locator(`#${id}`).isVisible()), `${id} shows without JavaScript`);
  }, { javaScriptEnabled: false }));

test("a click zooms to the frame, callers stay, Reset shows the whole", () =>
  withPage(url, async (page) => {
    await pointAt(page, "#graph", 0.01, 10, true);
    equal((await hashOf(page)).zoom, "10", "zoomed node (heaviest child of each row comes first)");
    check((await textOf(page, "#details")).startsWith(nameOf(path[9])), "details name another frame");
    for (const row of [3, 10]) {
      await pointAt(page, "#graph", 0.995, row);
      equal(await textOf(page, "#tip-name"), nameOf(path[row - 1]), `frame at the right edge of row ${row}`);
    }
    await pointAt(page, "#graph", 0.5, 3, true);
    equal((await hashOf(page)).zoom, "3", "a click on a caller zooms out to it");
    await page.click("#reset");
    equal(await hashOf(page), {}, "hash after reset");
    await pointAt(page, "#graph", 0.995, 1);
    equal(await textOf(page, "#tip-name"), nameOf(profile.frames.findIndex((f) => f.method === "start_thread")), "right edge of the whole");
  }));

test("the tooltip and the details line tell self, total and share", () =>
  withPage(url, async (page) => {
    await pointAt(page, "#graph", 0.01, 12, true);
    const node = path.slice(0, 12);
    const total = sumOf(folded.filter(({ frames }) => node.every((id, i) => frames[i] === id)));
    const self = sumOf(folded.filter(({ frames }) => frames.length === 12 && node.every((id, i) => frames[i] === id)));
    const { file, line } = profile.frames[path[11]];
    const details = await textOf(page, "#details");
    for (const text of [nameOf(path[11]), `(${share(total)})`, `${file}:${line}`]) check(details.includes(text), `details lack ${text}: ${details}`);
    check(details.includes(`total ${(total / 100).toFixed(1)} s`), `details lack the total of ${total} samples: ${details}`);
    await pointAt(page, "#graph", 0.01, 12);
    check((await textOf(page, "#tip-values")).includes("self ") && self >= 0, "tooltip lacks self");
    equal(await page.locator("#details").getAttribute("aria-live"), "polite", "details are announced");
  }));

test("search: total equals the independent figure, nested matches count once", () =>
  withPage(url, async (page) => {
    for (const text of ["PriceRules", "shop.", "java.util", "GROOVY", "futex", "[unknown"]) {
      const expected = searchTotal(profile, folded, (name) => name.toLowerCase().includes(text.toLowerCase()));
      equal(await found(page, text), expected, `search ${text}`);
      check((await textOf(page, "#found")).startsWith(share(expected).replace(/^(0\.\d).*/, "0.")), `share of ${text}`);
    }
    await page.fill("#search", "no such frame");
    equal(await textOf(page, "#found"), "nothing matches", "search for nothing");
    await page.click("#regex");
    equal(await found(page, "^shop\\..*(apply|priced)$"), searchTotal(profile, folded, (n) => /^shop\..*(apply|priced)$/i.test(n)), "regular expression");
    await page.fill("#search", "(");
    check((await textOf(page, "#found")).startsWith("not a regular expression"), "a broken expression is not told");
  }));

test("search: an expression that never ends is stopped, the page lives on", () =>
  withPage(writePage("slow-expression", writeReport(slow, [["folded", "Folded", slow.stacks]])), async (page) => {
    await page.click("#regex");
    await page.fill("#search", "(a+)+$");
    await page.waitForFunction(() => document.getElementById("found").textContent.startsWith("search stopped"), null, { timeout: 20000 });
    equal(await textOf(page, "#found"), "search stopped: the expression is too slow", "what is said");
    equal(await found(page, "a{3}"), sumOf(slow.stacks), "the next search");
    await page.fill("#search", "(a+)+$");
    equal(await found(page, "nothing of the kind"), 0, "a search while the slow one runs");
  }));

test("search: matches are painted, Enter goes to the next, the address keeps it", () =>
  withPage(url, async (page) => {
    const MATCH = 0xff1fd2ff; // #ffd21f, little-endian with alpha
    const yellow = async () => (await pixels(page)).filter((word) => word === MATCH).length;
    equal(await yellow(), 0, "painted pixels before");
    await found(page, "PriceRules.apply");
    check((await yellow()) > 2000, "matches are not painted");
    await press(page, "Enter");
    check((await textOf(page, "#details")).startsWith("shop.PriceRules.apply"), "Enter does not select a match");
    equal((await hashOf(page)).q, "PriceRules.apply", "search in the address");
    await press(page, "Escape");
    equal(await page.inputValue("#search"), "", "search after Escape");
    await page.reload();
  }));

test("the address restores search, zoom, shape, tree and sandwich", async () => {
  const id = folded.find(({ frames }) => frames.length > 12).frames[11];
  await withPage(url, async (page) => {
    equal(await page.inputValue("#search"), "java", "search");
    equal([await page.getAttribute("#shape", "aria-pressed"), await page.getAttribute("#fold", "aria-pressed")], ["true", "true"], "shape and tree");
    equal(await textOf(page, "#sandwich-name"), nameOf(id), "sandwich");
    equal((await hashOf(page)).zoom, "4", "zoom");
  }, { hash: `#q=java&view=flame&tree=unfolded&zoom=4&method=${id}` });
  await withPage(url, async (page) => check(await page.locator("#graph").isVisible(), "no graph"),
    { hash: "#q=%00&zoom=99999999&method=-1&tree=__proto__&view=%F0" });
});

test("sandwich: self, total, callers and callees equal the independent figures", () =>
  withPage(url, async (page) => {
    const methods = methodSums(folded).filter((m) => m.self > 0).sort((a, b) => b.self - a.self);
    for (const row of [1, 3, 9, 25]) {
      const { id } = methods[row - 1];
      const expected = sandwichOf(folded, id);
      await page.click(`#hot tbody tr:nth-child(${row}) .method`);
      equal(await sums(page), { self: expected.self, total: expected.total }, `sums of ${nameOf(id)}`);
      await checkNext(page, "#callees", "ArrowDown", expected.callees, id);
      await checkNext(page, "#callers", "ArrowUp", expected.callers, id);
    }
    await press(page, "Escape");
    check(await page.locator("#graph").isVisible(), "Escape does not lead back");
  }));

/** Moves from the method to its heaviest neighbour by keys and compares name and share. */
async function checkNext(page, graph, key, values, id) {
  await page.locator(`${graph} canvas`).focus();
  await press(page, "Home");
  check((await textOf(page, "#details")).startsWith(nameOf(id)), `${graph}: the root is not the method`);
  await press(page, key);
  const most = Math.max(0, ...values.values());
  const expected = most === 0 ? [nameOf(id)] : [...values].filter(([, value]) => value === most).map(([next]) => nameOf(next));
  const details = await textOf(page, "#details");
  check(expected.some((name) => details.startsWith(`${name} `)), `${graph}: ${details}, expected ${expected}`);
  if (most / sumOf(folded) > 0.01) check(details.includes(`(${share(most)})`), `${graph}: ${details}, expected ${share(most)}`);
}

test("sandwich: recursion is counted once", async () => {
  const small = new Profile();
  const [a, b, c] = ["a", "b", "c"].map((method) => small.frame("r.R", method));
  const group = small.group("main");
  for (const [frames, value] of [[[a, b, a, b, c], 5], [[a, b, c], 3], [[c, a, a, a], 7], [[b, a, c], 2], [[c], 1]]) small.add(frames, group, value);
  await withPage(writePage("recursion", writeReport(small, [["folded", "Folded", small.stacks]])), async (page) => {
    for (const [id, self, total] of [[a, 7, 17], [b, 0, 10], [c, 11, 18]]) {
      await page.locator(`[data-f="${id}"] .method`).first().click();
      equal(await sums(page), { self, total }, `sums of ${small.frames[id].method}`);
      await press(page, "Escape");
    }
    equal(await found(page, "R.a"), 17, "search for a recursive method");
    check(!(await page.locator("#fold").isVisible()), "Unfold shows though there is one tree");
  });
});

test("keys: arrows, Enter, Backspace, Home, Esc move through the graph", () =>
  withPage(url, async (page) => {
    await page.locator("#graph canvas").focus();
    const at = async (expected, what) => check((await textOf(page, "#details")).startsWith(`${expected} `), `${what}: ${await textOf(page, "#details")}, expected ${expected}`);
    await press(page, "ArrowDown");
    await at("all", "first arrow");
    await press(page, ...Array(9).fill("ArrowDown"));
    await at(nameOf(path[8]), "nine down");
    const siblings = folded.filter(({ frames }) => path.slice(0, 8).every((id, i) => frames[i] === id) && frames[8] !== path[8]);
    await press(page, "ArrowRight");
    await at(nameOf(heaviestBelow(siblings, path.slice(0, 8)).id), "right");
    await press(page, "ArrowLeft", "Enter");
    equal((await hashOf(page)).zoom, "9", "zoom by Enter");
    await press(page, "ArrowUp", "Enter");
    equal((await hashOf(page)).zoom, "8", "zoom by Enter on the caller");
    await press(page, "Backspace");
    equal((await hashOf(page)).zoom, "9", "zoom after Backspace");
    await press(page, "Home");
    await at("all", "Home");
    await press(page, "Escape");
    equal([await hashOf(page), await textOf(page, "#details")], [{}, ""], "after Escape");
  }));

test("keys: / searches, s opens the sandwich, ? shows the keys, typing is left alone", () =>
  withPage(url, async (page) => {
    await press(page, "/");
    equal(await page.evaluate(() => document.activeElement.id), "search", "focus after /");
    await page.keyboard.type("fsdu?c/");
    equal(await page.inputValue("#search"), "fsdu?c/", "typed text");
    equal(await page.locator("#help").evaluate((e) => e.open), false, "help while typing");
    await press(page, "Escape");
    await press(page, "?");
    check(await page.locator("#help").isVisible(), "? does not show the keys");
    await press(page, "f");
    equal(await page.getAttribute("#shape", "aria-pressed"), "false", "f under the help");
    await press(page, "Escape");
    check(!(await page.locator("#help").isVisible()), "Escape leaves the help open");
    await pointAt(page, "#graph", 0.01, 12, true);
    await press(page, "s");
    equal(await textOf(page, "#sandwich-name"), nameOf(path[11]), "sandwich of the selected frame");
  }));

test("flame and icicle: the root changes sides, zoom and search stay", () =>
  withPage(url, async (page) => {
    const rows = await page.locator("#graph canvas").evaluate((canvas) => Math.floor(canvas.clientHeight / 18));
    await pointAt(page, "#graph", 0.5, 0);
    equal(await textOf(page, "#tip-name"), "all", "top row of the icicle");
    await press(page, "f");
    equal([await page.getAttribute("#shape", "aria-pressed"), (await hashOf(page)).view], ["true", "flame"], "state");
    const box = await page.locator("#graph canvas").boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height - 6);
    await settle(page);
    equal(await textOf(page, "#tip-name"), "all", `bottom of ${rows} rows of the flame graph`);
    await page.locator("#graph canvas").focus();
    await press(page, "ArrowUp", "ArrowUp");
    check((await textOf(page, "#details")).startsWith(nameOf(path[0])), "up leads away from the root");
  }));

test("fold and unfold: the other tree, with the same whole", () =>
  withPage(url, async (page) => {
    equal(await found(page, "IndyInterface"), searchTotal(profile, folded, (name) => name.includes("IndyInterface")), "folded");
    await page.click("#fold");
    equal(await found(page, "IndyInterface"), searchTotal(profile, unfolded, (name) => name.includes("IndyInterface")), "unfolded");
    check((await textOf(page, "#flame-note")).includes(`${sumOf(unfolded) / 100} s`), "the whole changed");
    equal((await hashOf(page)).tree, "unfolded", "address");
    await page.locator("#graph canvas").focus();
    await press(page, "Escape", "u");
    equal(await page.getAttribute("#fold", "aria-pressed"), "false", "u folds again");
  }));

test("thread groups: one only, some, all; search follows", () =>
  withPage(url, async (page) => {
    const gc = profile.groups.indexOf("GC");
    await page.click("#groups summary");
    await page.locator("#groups-list li", { hasText: "GC" }).locator("button").click();
    await page.locator("#groups-list li", { hasText: "report-scheduler" }).locator("input").click();
    const chosen = folded.filter(({ group }) => group === gc || profile.groups[group] === "report-scheduler");
    equal(await found(page, "e"), searchTotal(profile, chosen, (name) => name.toLowerCase().includes("e")), "search in two groups");
    equal(await textOf(page, "#groups-state"), `2 of ${profile.groups.length}`, "state");
    for (const label of ["GC", "report-scheduler"]) await page.locator("#groups-list li", { hasText: label }).locator("input").click();
    equal(await textOf(page, "#found"), "nothing matches", "search in no group");
    await pointAt(page, "#graph", 0.5, 0);
    await page.click("#groups-all");
    equal(await found(page, "e"), searchTotal(profile, folded, (name) => name.toLowerCase().includes("e")), "search in all groups");
  }));

test("dark and light: by the system, by the button, by d; the canvas follows", async () => {
  const corner = async (page) => {
    const { width, height } = await page.locator("#graph canvas").evaluate((canvas) => ({ width: canvas.width, height: canvas.height }));
    const [word] = await pixels(page, { x: width - 8, y: height - 8, width: 1, height: 1 });
    return { canvas: (word & 0xff) < 100, page: await page.evaluate(() => getComputedStyle(document.body).backgroundColor) };
  };
  await withPage(url, async (page) => {
    await settle(page);
    const light = await corner(page);
    await press(page, "d");
    const dark = await corner(page);
    check(!light.canvas && dark.canvas && light.page !== dark.page, `light ${JSON.stringify(light)}, dark ${JSON.stringify(dark)}`);
    await page.click("#theme");
    await settle(page);
    equal(await corner(page), light, "light again");
  });
  await withPage(url, async (page) => {
    await settle(page);
    check((await corner(page)).canvas, "a dark system gets a light canvas");
  }, { colorScheme: "dark" });
});

test("wheel and drag: zoom at the pointer, pan, never past the ends", () =>
  withPage(url, async (page) => {
    const box = await page.locator("#graph canvas").boundingBox();
    await pointAt(page, "#graph", 0.6, 10);
    const before = await textOf(page, "#tip-name");
    await page.keyboard.down("Control");
    for (let i = 0; i < 6; i++) await page.mouse.wheel(0, -240);
    await page.keyboard.up("Control");
    await settle(page);
    await pointAt(page, "#graph", 0.601, 10);
    equal(await textOf(page, "#tip-name"), before, "frame under the pointer after zooming");
    await page.mouse.move(box.x + 100, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 5000, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await settle(page);
    for (let i = 0; i < 8; i++) await page.mouse.wheel(-4000, 0);
    await pointAt(page, "#graph", 0.01, 9);
    equal(await textOf(page, "#tip-name"), nameOf(path[8]), "left end after panning far right");
  }));

test("error and truncation marks are hatched, unlike any frame of code", () =>
  withPage(url, async (page) => {
    await page.click("#regex");
    await page.fill("#search", "^\\[(unknown_Java|truncated)\\]$");
    await searched(page);
    await page.locator("#search").press("Enter");
    await page.fill("#search", "");
    await settle(page);
    const row = 9; // the mark lies below the eight frames of the thread pool
    const colours = new Set(await pixels(page, { x: 200, y: row * 18 + 4, width: 900, height: 8 })).size;
    check((await textOf(page, "#details")).includes("["), "no mark is selected");
    check(colours > 3, `the mark is plain: ${colours} colours`);
    check((await textOf(page, "#legend")).includes("Not walked"), "the legend lacks the errors");
  }));

test("tables sort by exact value, names by text", () =>
  withPage(url, async (page) => {
    const column = (n) => page.locator(`#hot tbody td:nth-child(${n})`).evaluateAll((cells) => cells.map((c) => Number(c.dataset.v)));
    await page.locator("#hot th button", { hasText: "Total" }).click();
    const total = await column(5);
    equal(total, [...total].sort((a, b) => b - a), "by total, largest first");
    await page.locator("#hot th button", { hasText: "Total" }).click();
    equal(await column(5), total.reverse(), "by total, smallest first");
    await page.locator("#threads th button", { hasText: "Thread group" }).click();
    const names = await page.locator("#threads tbody th").allTextContents();
    equal(names, [...names].sort((a, b) => a.localeCompare(b)), "threads by name");
    equal(await page.locator("#threads th[aria-sort]").getAttribute("aria-sort"), "ascending", "aria-sort");
  }));

test("a narrow window, a dense screen and paper keep the page whole", async () => {
  await withPage(url, async (page) => {
    await settle(page);
    check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "scrolls sideways at 420 pixels");
    const narrowest = await page.locator("#hot tbody th, #hot tbody td:last-child").evaluateAll(
      (cells) => Math.min(...cells.map((cell) => cell.getBoundingClientRect().width)));
    check(narrowest >= 180, `a column of names is ${narrowest} pixels wide`);
    const ratio = await page.locator("#graph canvas").evaluate((canvas) => canvas.width / canvas.clientWidth);
    check(Math.abs(ratio - 2) < 0.01, `canvas has ${ratio} pixels a CSS pixel, expected 2`);
    await page.setViewportSize({ width: 900, height: 700 });
    await settle(page);
    await pointAt(page, "#graph", 0.99, 0);
    equal(await textOf(page, "#tip-name"), "all", "right edge after a resize");
    await page.emulateMedia({ media: "print" });
    check(!(await page.locator(".top").isVisible()), "the top bar is printed");
  }, { viewport: { width: 420, height: 800 }, deviceScaleFactor: 2 });
});

test("a damaged data block leaves the tables and says what is wrong", async () => {
  const html = writeReport(profile, [["folded", "Folded", folded]]).replace(/"chains":"[^"]{40}/, '"chains":"');
  await withPage(writePage("damaged", html), async (page) => {
    check((await textOf(page, "#flame-error")).includes("trees.folded"), `message: ${await textOf(page, "#flame-error")}`);
    check(await page.locator("#flame-error").isVisible(), "the message is hidden");
    check(!(await page.locator("#graph").isVisible()), "an empty graph shows");
    equal(await page.locator("#hot tbody tr").count(), 25, "hot methods");
  });
});
