// Names of the profiled program are hostile input: class, method, thread and service names that try
// to become markup, script, a request, another order of text, or the end of the data block.

import { encode, Profile } from "./encode.mjs";
import { check, equal, press, settle, test, textOf, withPage, writePage } from "./harness.mjs";
import { page as writeReport } from "./sections.mjs";

export const HOSTILE = [
  "<script>alert(1)</script>", "</script><script>alert(2)</script>", "<!--<script>", "--><img src=x onerror=alert(3)>",
  "<img src=http://127.0.0.1:9/leak>", "<svg onload=alert(4)>", "<svg><style>@import'http://127.0.0.1:9/'</style>", "\"><script>alert(5)</script>",
  "' onmouseover='alert(6)", "\" autofocus onfocus=alert(7) x=\"", "javascript:alert(8)", "<iframe srcdoc='<script>alert(9)</script>'>",
  "</title><script>alert(10)</script>", "</style><script>alert(11)</script>", "</textarea><script>alert(12)</script>", "</noscript><script>alert(13)</script>",
  "<base href=http://127.0.0.1:9/>", "<meta http-equiv=refresh content=0;url=http://127.0.0.1:9/>", "<link rel=stylesheet href=http://127.0.0.1:9/>", "<form action=http://127.0.0.1:9/><input>",
  "{{7*7}}", "${alert(14)}", "{{DATA}}", "{{SCRIPT}}", "`${alert(15)}`", "$& $1 $$ $` $'", "%3Cscript%3Ealert(16)%3C/script%3E", "&lt;script&gt;alert(17)&lt;/script&gt;", "&#60;script>alert(18)</script>",
  "__proto__", "constructor", "prototype", "hasOwnProperty", "toString", "then", "", " ",
  "\u202egpj.exe", "\u2066\u2067\u2069", "a\u2028alert(19)\u2029b", "\u0000null\u0000", "\u001b[31mred\u001b[0m\u0007", "\r\n\tline", "\ud800", "\udc00\ud800", "\ufeff\u200b\u200d",
  "\\u003cscript\\u003ealert(20)", "\\\"\\\\", "Z\u0351\u036b\u0343a\u0313l\u0300g\u0315o".repeat(20), "\ud83d\udc69\u200d\ud83d\udcbb.\u65e5\u672c.\u05e9\u05dc\u05d5\u05dd",
  "x".repeat(65536), "<script>alert(21)</script>".repeat(2500),
];

/** Every name as class, as method, as both, as a thread group; each kind of frame in turn. */
function hostileProfile() {
  const kinds = ["java", "groovy", "native", "kernel", "jvm", "dispatch", "truncated", "error"];
  const profile = new Profile();
  HOSTILE.forEach((name, i) => {
    const frames = [profile.frame("safe.Root", "run"), profile.frame(name, `m${i}`, kinds[i % 8], name, i),
      profile.frame(`c${i}`, name, kinds[(i + 3) % 8]), profile.frame(name, name, kinds[(i + 5) % 8])];
    profile.add(frames, profile.group(name), HOSTILE.length - i);
  });
  return profile;
}

const profile = hostileProfile();
const trees = [["folded", "<b>F</b>", profile.stacks], ["__proto__", "</script>", profile.stacks]];
const url = writePage("hostile", writeReport(profile, trees, { service: HOSTILE.slice(0, 30).join("") }));

/** Elements of a page, by name: markup that came from a name would add to them. */
const elements = (page) => page.evaluate(() => {
  const counts = {};
  for (const element of document.querySelectorAll("*")) counts[element.localName] = (counts[element.localName] ?? 0) + 1;
  return counts;
});

/** Elements a page holds when its names are tame but its shape the same. */
async function tameElements() {
  const tame = new Profile();
  profile.stacks.forEach(({ frames, value }, i) =>
    tame.add(frames.map((id) => tame.frame(`t${id}`, `m${id}`, "java", profile.frames[id].file === "" ? "" : "f", 1)), tame.group(`g${i}`), value));
  const tameTrees = [["folded", "F", tame.stacks], ["unfolded", "U", tame.stacks]];
  return withPage(writePage("tame", writeReport(tame, tameTrees)), async (page) => elements(page));
}

test(`${HOSTILE.length} hostile names stay text: no dialog, no request, no console error`, async () => {
  check(HOSTILE.length >= 50, "fewer than 50 names");
  const tame = await tameElements();
  await withPage(url, async (page) => {
    await settle(page);
    const legend = await page.locator("#legend li").count();
    const { li, span, ...counts } = await elements(page);
    const { li: tameLi, span: tameSpan, ...expected } = tame;
    equal(counts, expected, "elements of the page");
    check(li - legend === tameLi - 1 && span - legend === tameSpan - 1, "more items than the names account for");
    equal(await page.locator("#groups-list li").count(), HOSTILE.length, "thread groups");
    equal(await textOf(page, "#quality h2"), "Data quality", "sections below the names");
  });
});

test("hostile names in use: hover, select, search, sandwich, groups, address", () =>
  withPage(url, async (page) => {
    await page.locator("#graph canvas").focus();
    await press(page, "ArrowDown", "ArrowDown", "ArrowDown");
    for (let i = 0; i < HOSTILE.length; i++) await press(page, "ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp");
    const box = await page.locator("#graph canvas").boundingBox();
    for (let i = 0; i < 40; i++) await page.mouse.move(box.x + (box.width * i) / 40, box.y + 44 + 18 * (i % 3));
    for (const name of HOSTILE) {
      await page.evaluate((text) => {
        const input = document.getElementById("search");
        input.value = text;
        input.dispatchEvent(new Event("input"));
      }, name);
    }
    await page.fill("#search", "");
    const methods = page.locator("#hot .method");
    for (let i = 0; i < (await methods.count()); i += 3) await methods.nth(i).click();
    await press(page, "f", "c", "d", "u");
    await page.click("#groups summary");
    const only = page.locator("#groups-list li button");
    for (let i = 0; i < (await only.count()); i += 5) await only.nth(i).click();
    await settle(page);
    check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "a long name makes the page scroll sideways");
  }));

test("hostile addresses: nothing in the hash runs or breaks the page", async () => {
  for (const name of ["<img src=x onerror=alert(1)>", "__proto__", "%00%ff", "((((", "zoom=1e99&method=__proto__&tree=constructor"]) {
    await withPage(url, async (page) => check(await page.locator("#graph").isVisible(), `no graph with ${name}`), { hash: `#re=1&q=${encodeURIComponent(name)}&${name}` });
  }
});

test("the data block cannot be left by a name", () => {
  const text = JSON.stringify(encode(profile, trees));
  check(text.includes("</script>") && text.includes("<!--"), "the names do not try");
  const html = writeReport(profile, trees);
  const block = html.slice(html.indexOf('id="umig-data">') + 15, html.lastIndexOf("</script>\n<script>"));
  check(!block.includes("<"), "the block holds a less-than sign");
  check(JSON.stringify(JSON.parse(block).strings) === JSON.stringify(JSON.parse(text).strings), "the strings changed");
});
