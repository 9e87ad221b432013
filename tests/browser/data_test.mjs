// The scripts without a browser: the decoder against the encoder, and what trees compute against
// the definitions, on random profiles with much recursion.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HTML, template } from "./assemble.mjs";
import { column, dataBlock, encode, Profile } from "./encode.mjs";
import { check, equal, OUT, test, writePage } from "./harness.mjs";
import { sandwichOf, searchName, searchTotal, sumOf } from "./oracle.mjs";
import { random } from "./service.mjs";

const source = ["data.js", "tree.js", "format.js"].map((name) => readFileSync(join(HTML, name), "utf8")).join("");
const page = new Function(`"use strict";${source}
  return { decodeReport, decodeCells, decodeTree, weigh, sandwich, matchFrames, matchedTotal, matcher, placeNodes, levelsOf,
    visible, formatValue, formatShare, DataError, KIND };`)();

/** A few methods that call each other at random, in three groups, two metrics. */
function tangled(seed) {
  const rand = random(seed);
  const profile = new Profile([{ id: "cpu", label: "CPU", unit: "ns", scale: 10 }, { id: "alloc", label: "Alloc", unit: "bytes", scale: 1 }]);
  const ids = ["a.A.x", "a.A.y", "b.B.x", "c.C.z", "__proto__.constructor"].map((name) => {
    const cut = name.lastIndexOf(".");
    return profile.frame(name.slice(0, cut), name.slice(cut + 1));
  });
  ids.push(profile.frame("libc.so", "write", "native"), profile.frame("", "[unknown_Java]", "error"));
  const groups = [profile.group("web"), profile.group("__proto__"), profile.group("gc")];
  const count = 1 + Math.floor(rand() * 60);
  for (let i = 0; i < count; i++) {
    const frames = Array.from({ length: 1 + Math.floor(rand() * 9) }, () => ids[Math.floor(rand() * ids.length)]);
    const value = rand() < 0.1 ? 2 ** 40 + i : 1 + Math.floor(rand() * 300);
    profile.add(frames, groups[Math.floor(rand() * 3)], value, rand() < 0.8 ? "cpu" : "alloc");
  }
  return profile;
}

function decoded(profile) {
  const report = page.decodeReport(dataBlock(encode(profile, [["folded", "Folded", profile.stacks]])));
  const tree = report.tree("folded");
  const cells = Object.fromEntries(report.metrics.map((m) => [m.id, page.decodeCells(tree, m, report.groups.length)]));
  return { report, tree, cells };
}

/** Path of frames to a node, root first. */
function pathOf(tree, node) {
  const path = [];
  for (let at = node; at > 0; at = tree.parent[at]) path.unshift(tree.frame[at]);
  return path;
}

test("data: what the encoder wrote is what the decoder reads", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const profile = tangled(seed);
    const { tree, cells } = decoded(profile);
    for (const metric of profile.metrics) {
      const expected = new Map();
      for (const s of profile.stacks) {
        const key = `${s.frames.join()}|${s.group}`;
        if (s.metric === metric.id) expected.set(key, (expected.get(key) ?? 0) + s.value * metric.scale);
      }
      const { node, group, value } = cells[metric.id];
      const actual = node.map((n, i) => [`${pathOf(tree, n).join()}|${group[i]}`, value[i]]);
      equal(actual.sort(), [...expected].sort(), `seed ${seed}, ${metric.id}`);
    }
  }
  return "200 profiles";
});

test("tree: search totals, sandwiches and layout agree with the definitions", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const profile = tangled(seed);
    const { report, tree, cells } = decoded(profile);
    const on = [true, seed % 2 === 0, seed % 3 === 0];
    const weights = page.weigh(tree, cells.cpu, on);
    const stacks = profile.stacks.filter((s) => s.metric === "cpu" && on[s.group]).map((s) => ({ ...s, value: s.value * 10 }));
    equal(weights.total[0], sumOf(stacks), `seed ${seed}: whole`);
    for (const [text, isRegex] of [["a.a", false], ["x", false], ["^b|z$", true], ["[UNKNOWN", false]]) {
      const matches = page.matcher(text, isRegex);
      const naive = isRegex ? (name) => /^b|z$/i.test(name) : (name) => name.toLowerCase().includes(text.toLowerCase());
      const sum = page.matchedTotal(tree, weights.total, page.matchFrames(report.frames, matches));
      equal(sum, searchTotal(profile, stacks, naive), `seed ${seed}: search ${text}`);
    }
    profile.frames.forEach((_, id) => compareSandwich(page.sandwich(tree, weights, report.frames, id), sandwichOf(stacks, id), `seed ${seed}, frame ${id}`));
    checkLayout(tree, weights, `seed ${seed}`);
  }
  return "200 profiles";
});

function compareSandwich(actual, expected, what) {
  equal([actual.self, actual.total], [expected.self, expected.total], what);
  for (const [half, values] of [["callers", expected.callers], ["callees", expected.callees]]) {
    const { tree, weights } = actual[half];
    equal(weights.total[0], expected.total, `${what}: root of the ${half}`);
    const found = [];
    for (let node = 1; node < tree.count; node = tree.end[node]) found.push([tree.frame[node], weights.total[node]]);
    equal(found.sort((a, b) => a[0] - b[0]), [...values].sort((a, b) => a[0] - b[0]), `${what}: ${half}`);
    checkLayout(tree, weights, what);
  }
}

/** Frames of a row are side by side, in order, each within its caller. */
function checkLayout(tree, weights, what) {
  const start = page.placeNodes(tree, weights.total);
  const levels = page.levelsOf(tree);
  for (let depth = 0; depth < levels.count; depth++) {
    let end = 0;
    for (let i = levels.first[depth]; i < levels.first[depth + 1]; i++) {
      const node = levels.nodes[i];
      const parent = Math.max(0, tree.parent[node]);
      check(start[node] >= end, `${what}: node ${node} overlaps its neighbour`);
      end = start[node] + weights.total[node];
      check(start[node] >= start[parent] && end <= start[parent] + weights.total[parent], `${what}: node ${node} leaves its caller`);
    }
  }
}

test("data: a damaged block is refused with a reason, never a hang or a crash", () => {
  const block = encode(tangled(3), [["folded", "Folded", tangled(3).stacks]]);
  const rand = random(5);
  const refused = (change) => {
    const copy = structuredClone(block);
    change(copy);
    try {
      const report = page.decodeReport(JSON.stringify(copy));
      page.decodeCells(report.tree("folded"), report.metrics[0], report.groups.length);
      return false;
    } catch (error) {
      if (!(error instanceof page.DataError)) throw error;
      return true;
    }
  };
  for (const change of [(b) => (b.version = 2), (b) => delete b.strings, (b) => (b.trees = []), (b) => (b.metrics = []),
    (b) => (b.frames.class = "!"), (b) => (b.frames.count += 1), (b) => (b.frames.count = -1), (b) => (b.trees[0].count += 1),
    (b) => (b.trees[0].count = 1e12), (b) => (b.trees[0].chains = column([0, 1e9])), (b) => (b.trees[0].frames = column([5])),
    (b) => (b.trees[0].frames = column([0, 99])), (b) => (b.trees[0].cells.cpu = column([0, 99, 1])), (b) => (b.frames.kind = null),
    (b) => (b.trees[0].chains = Buffer.from([0x80]).toString("base64")), (b) => (b.trees[0].chains = Buffer.from(Array(12).fill(0xff)).toString("base64"))]) {
    check(refused(change), `accepted after ${change}`);
  }
  let refusals = 0;
  for (let i = 0; i < 3000; i++) {
    refusals += refused((b) => {
      const [holder, key] = [[b.trees[0], "chains"], [b.trees[0], "frames"], [b.trees[0].cells, "cpu"], [b.frames, "kind"]][i % 4];
      const bytes = Buffer.from(holder[key], "base64");
      bytes[Math.floor(rand() * bytes.length)] ^= 1 << Math.floor(rand() * 8);
      holder[key] = bytes.subarray(0, rand() < 0.3 ? Math.floor(rand() * bytes.length) : bytes.length).toString("base64");
    }) ? 1 : 0;
  }
  return `${refusals} of 3000 random changes refused, the others decode`;
});

test("text: numbers read well, names cannot hide or turn around", () => {
  const cases = [["ns", 0, "0 ns"], ["ns", 1234, "1.23 \u00b5s"], ["ns", 15_660_000_000, "15.7 s"], ["ns", 2e9, "2 s"], ["ns", 671e6, "671 ms"],
    ["bytes", 1536, "1.50 KiB"], ["bytes", 5, "5 B"], ["count", 12345, "12,345"]];
  for (const [unit, value, text] of cases) equal(page.formatValue(unit, value), text, `${value} ${unit}`);
  for (const [part, whole, text] of [[0, 5, "0 %"], [1, 0, "0 %"], [1, 3, "33.3 %"], [1, 400, "0.25 %"], [1, 1e6, "< 0.01 %"]]) {
    equal(page.formatShare(part, whole), text, `${part} of ${whole}`);
  }
  equal(page.visible("a\u0000b\u202ec\ud800d\u2028e\u007ff\u200bg\ud83d\ude00"), "a\u2400b\ufffdc\ufffdd\ufffde\u2421f\ufffdg\ud83d\ude00", "visible name");
});

test("bundle.cmake joins the sources as the tests do", () => {
  writePage("bundle", "");
  const out = join(OUT, "bundle.html");
  execFileSync("cmake", [`-DIN=${HTML}`, `-DOUT=${out}`, "-P", join(HTML, "bundle.cmake")], { stdio: "pipe" });
  check(readFileSync(out, "utf8") === template(), "the two templates differ");
  execFileSync("cmake", [`-DIN=${HTML}`, `-DOUT=${out}`, "-DPAGE=diff", "-P", join(HTML, "bundle.cmake")], { stdio: "pipe" });
  check(readFileSync(out, "utf8") === template("diff.html", "diff_sources.txt"), "the two templates of comparisons differ");
  check(searchName({ cls: "a", method: "b", kind: 0 }) === "a.b", "names are joined by a dot");
});
