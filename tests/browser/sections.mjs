// Writes the page's sections from a profile: the markup report/html/README.md asks of the C writer.
// Figures of hot methods, paths and threads are computed from the stacks; pauses, locks and heap
// are made up to go with them.

import { KINDS, dataBlock, encode } from "./encode.mjs";
import { escape, fill, template } from "./assemble.mjs";

const num = (text, exact, extra = "") => `<td class="num" data-v="${exact}">${text}${extra}</td>`;
const seconds = (ns) => (ns >= 1e9 ? `${(ns / 1e9).toFixed(2)} s` : `${(ns / 1e6).toFixed(0)} ms`);
const percent = (part, whole) => `${whole > 0 ? ((100 * part) / whole).toFixed(1) : "0.0"} %`;
const meter = (part, whole) =>
  `<td class="bar"><svg class="meter" aria-hidden="true"><rect width="${percent(part, whole).replace(" ", "")}" height="9"/></svg></td>`;

/** Names of more than 300 characters are cut in tables; the flame graph has all of them. */
const cut300 = (text) => (text.length > 300 ? `${text.slice(0, 300)}\u2026` : text);

/** A frame's name; `link` makes it open the sandwich. */
function name(profile, id, link = false) {
  const { cls, method, kind } = profile.frames[id];
  const isCode = KINDS[kind] === "java" || KINDS[kind] === "groovy" || KINDS[kind] === "dispatch";
  const cut = isCode ? cls.lastIndexOf(".") + 1 : cls.length;
  const rest = isCode ? (cls === "" ? method : `${cls.slice(cut)}.${method}`) : method;
  const front = isCode ? cls.slice(0, cut) : cls === "" ? "" : `${cls} `;
  const inner = `<i>${escape(cut300(front))}</i>${escape(cut300(rest))}`;
  return `<span class="k k-${KINDS[kind]}"></span><span class="n"${link ? ` data-f="${id}"` : ""}>${inner}</span>`;
}

/** Self and total of every method, recursion counted once, straight from the stacks. */
export function methodSums(stacks) {
  const sums = new Map();
  const of = (id) => sums.get(id) ?? sums.set(id, { id, self: 0, total: 0, groups: new Map() }).get(id);
  for (const { frames, value, group } of stacks) {
    for (const id of new Set(frames)) of(id).total += value;
    const leaf = of(frames[frames.length - 1]);
    leaf.self += value;
    leaf.groups.set(group, (leaf.groups.get(group) ?? 0) + value);
  }
  return [...sums.values()];
}

const top = (map) => [...map].sort((a, b) => b[1] - a[1])[0];

function hotRows(profile, methods, whole, scale) {
  const hot = methods.filter((m) => m.self > 0).sort((a, b) => b.self - a.self).slice(0, 25);
  return hot.map((m) => {
    const [group] = top(m.groups);
    const { file, line } = profile.frames[m.id];
    const place = file === "" ? "" : `<small>${escape(file)}:${line}</small>`;
    return `<tr><th scope="row">${name(profile, m.id, true)}${place}</th>${num(seconds(m.self * scale), m.self)}` +
      `${meter(m.self, hot[0].self)}${num(percent(m.self, whole), m.self)}${num(seconds(m.total * scale), m.total)}` +
      `${num(percent(m.total, whole), m.total)}<td><span class="n">${escape(cut300(profile.groups[group]))}</span></td></tr>`;
  }).join("\n");
}

function pathItems(profile, stacks, whole) {
  const sums = new Map();
  for (const { frames, value } of stacks) {
    const key = frames.slice(-7).join();
    const path = sums.get(key) ?? { frames, value: 0 };
    path.value += value;
    sums.set(key, path);
  }
  const hot = [...sums.values()].sort((a, b) => b.value - a.value).slice(0, 6);
  return hot.map(({ frames, value }) => {
    const shown = frames.slice(-7);
    const skipped = frames.length - shown.length;
    const first = skipped > 0 ? `<li class="skipped">${skipped} callers above</li>` : "";
    return `<li><b>${percent(value, whole)}</b><span>${value} samples</span><ol class="path">${first}` +
      `${shown.map((id) => `<li>${name(profile, id, true)}</li>`).join("")}</ol></li>`;
  }).join("\n");
}

function threadRows(profile, stacks, whole, scale) {
  const sums = profile.groups.map((_, id) => ({ id, value: 0 }));
  for (const { group, value } of stacks) sums[group].value += value;
  const counts = [8, 1, 2, 2, 4];
  const most = Math.max(...sums.map((s) => s.value));
  return sums.sort((a, b) => b.value - a.value).map((s) =>
    `<tr><th scope="row"><span class="n">${escape(cut300(profile.groups[s.id]))}</span></th>${num(counts[s.id % 5], counts[s.id % 5])}` +
    `${num(seconds(s.value * scale), s.value)}${meter(s.value, most)}${num(percent(s.value, whole), s.value)}` +
    `${num(s.value, s.value)}</tr>`).join("\n");
}

const GC = [["Young (normal)", "G1 Evacuation Pause", 41, 612, 38.1], ["Young (concurrent start)", "Metadata GC Threshold", 2, 44, 24.8],
  ["Remark", "G1 concurrent mark", 2, 17, 9.4], ["Cleanup", "G1 concurrent mark", 2, 1, 0.7]];

function gcRows() {
  return GC.map(([kind, cause, count, sum, longest]) =>
    `<tr><th scope="row">${kind}</th><td>${cause}</td>${num(count, count)}${num(`${sum} ms`, sum)}${num(percent(sum, 30000), sum)}` +
    `${num(`${longest} ms`, longest)}</tr>`).join("\n");
}

function gcSteps() {
  return [["Concurrent Mark Cycle", "whole cycle", 2, 84, 51.3], ["Evacuate Collection Set", "Young (normal)", 41, 512, 31.2], ["Concurrent Mark From Roots", "beside the application", 2, 61, 38.0]]
    .map(([step, of, count, sum, longest]) => `<tr><th scope="row">${step}</th><td>${of}</td>${num(count, count)}${num(`${sum} ms`, sum)}${num(`${longest} ms`, longest)}</tr>`).join("\n");
}

function safepointRows() {
  return [["G1CollectForAllocation", 43, 9, 2.1, 690, 39], ["ICBufferFull", 4, 1, 0.4, 2, 0.9]].map(([operation, count, ...times]) =>
    `<tr><th scope="row">${operation}</th>${num(count, count)}${times.map((v) => num(`${v} ms`, v)).join("")}</tr>`).join("\n");
}

function lateRows() {
  return `<tr><th scope="row"><span class="n">http-nio-8080-exec-*</span></th><td><span class="n">shop.PriceRules.sum</span></td><td>ICBufferFull</td>${num(3, 3)}${num("61 ms", 61)}${num("40 ms", 40)}</tr>`;
}

const LOCKS = [["org.codehaus.groovy.vmplugin.v8.CacheableCallSite", "CacheableCallSite.getAndPut", 312, 841, 22.1],
  ["shop.StockClient", "StockClient.reserve", 88, 403, 31.7], ["com.zaxxer.hikari.pool.HikariPool", "HikariPool.getConnection", 9, 12, 4.2]];

function lockRows() {
  return LOCKS.map(([cls, where, waits, sum, longest]) =>
    `<tr><th scope="row"><span class="n">${cls}</span></th><td><span class="n">${where}</span></td>` +
    `${num(waits, waits)}${num(`${sum} ms`, sum)}${num(percent(sum, 1256), sum)}${num(`${longest} ms`, longest)}</tr>`).join("\n");
}

/** 30 s of heap: a saw tooth over a slowly rising floor, collections as ticks below. */
export function heapChart() {
  const used = [];
  const pauses = [];
  let level = 78;
  for (let t = 0; t <= 150; t++) {
    const x = 44 + t * 6.2;
    if (level > 196 + 18 * Math.sin(t)) {
      pauses.push(x);
      level = 70 + t * 0.14 + 4 * Math.sin(t * 1.7);
    } else {
      level += 27 + 9 * Math.sin(t * 0.9);
    }
    used.push(`${x.toFixed(1)},${(182 - level * 0.62).toFixed(1)}`);
  }
  const grid = [0, 64, 128, 192, 256].map((mib) => {
    const y = (182 - mib * 0.62).toFixed(1);
    return `<path class="grid" d="M44 ${y}H974"/><text x="38" y="${+y + 4}" text-anchor="end">${mib}</text>`;
  }).join("");
  const seconds = [0, 5, 10, 15, 20, 25, 30].map((s) => `<text x="${44 + s * 31}" y="208" text-anchor="middle">${s} s</text>`).join("");
  const ticks = pauses.map((x) => `<path class="pause" d="M${x.toFixed(1)} 184v7"/>`).join("");
  return `<svg viewBox="0 0 980 214" role="img" aria-label="Heap used over time: between 70 and 214 MiB of 256 MiB committed; after each collection it returns to 70 to 91 MiB.">` +
    `${grid}<polygon class="used" points="44,182 ${used.join(" ")} 974,182"/><path class="committed" d="M44 23.3H974"/>${ticks}${seconds}` +
    `<text x="974" y="16" text-anchor="end">MiB; dashed: committed; red ticks: pauses</text></svg>`;
}

function heapRows() {
  return [["G1 Eden Space", 41, 88, 156, 160, "-"], ["G1 Survivor Space", 8, 11, 14, 16, "-"], ["G1 Old Gen", 62, 80, 84, 96, "256 MiB"],
    ["Metaspace", 71, 79, 79, 82, "none"], ["CodeCache", 31, 38, 38, 41, "240 MiB"]].map(([pool, start, end, most, committed, limit]) =>
    `<tr><th scope="row">${pool}</th>${[start, end, most, committed].map((v) => num(`${v} MiB`, v)).join("")}${num(limit, Number.parseInt(limit) || 0)}</tr>`).join("\n");
}

function poolRows() {
  const line = '<td><svg width="120" height="22" aria-hidden="true"><path d="M2,20L60,4L118,12" fill="none" stroke="currentColor"/></svg></td>';
  return [["HikariPool-1", "hikari", "83 %", 8.3, 10, 10, 10, "67 %", 17.3, 26, ""], ["http-nio-8080-exec", "tomcat", "16 %", 31.7, 38, 200, 200, "0 %", "0.0", 0, "8,990"],
    ["mailer", "executor", "0 %", "0.0", 0, 2, "", "0 %", "0.0", 0, 0]].map(([name, kind, used, ...figures]) =>
    `<tr><th scope="row"><span class="n">${name}</span><small>${kind}</small></th><td class="num">${used}</td>${line}${figures.map((v) => `<td class="num">${v}</td>`).join("")}</tr>`).join("\n");
}

function jvmRows() {
  return [["safepoints: all threads stood", 61, "2.0", "702 ms", "2.3 %"], ["before, until the last one stood", "", "", "4 ms", "&lt; 0.1 %"],
    ["classes loaded", "1,204", "40.1", "610 ms", "2.0 %"], ["classes unloaded", 870, "29.0", "", ""]].map(([what, ...figures]) =>
    `<tr><th scope="row">${what}</th>${figures.map((v) => `<td class="num">${v}</td>`).join("")}</tr>`).join("\n");
}

const liveRow = (name, place, figures) =>
  `<tr><th scope="row"><span class="n">${name}</span><small>from ${place}</small></th>${figures.join("")}</tr>`;

const plainRows = (rows) => rows.map(([what, count, share]) =>
  `<tr><th scope="row">${what}</th><td class="num">${count}</td><td class="num">${share}</td></tr>`).join("\n");

/** Every mark's text for one service profile. */
export function sections(profile, stacks, data, facts = {}) {
  const scale = profile.metrics[0].scale;
  const whole = stacks.reduce((sum, s) => sum + s.value, 0);
  const methods = methodSums(stacks);
  const byTotal = (test) => methods.filter((m) => test(profile.frames[m.id])).sort((a, b) => b.total - a.total)[0];
  const hot = [...methods].sort((a, b) => b.self - a.self)[0];
  const rules = byTotal((f) => f.cls === "shop.PriceRules") ?? hot;
  const code = (id) => `<span class="n">${escape(cut300(`${profile.frames[id].cls}.${profile.frames[id].method}`))}</span>`;
  const failed = stacks.reduce((sum, s) => sum + (s.frames.some((id) => KINDS[profile.frames[id].kind] === "error") ? s.value : 0), 0);
  const service = facts.service ?? "orders";
  return {
    TITLE: `${escape(service)} \u00b7 UMIG profile`,
    SERVICE: escape(service),
    FACTS: ["made-up data", "session 20261123-2041", "30 s", "CPU every 10 ms", "host web-3, pid 4711", "OpenJDK 25.0.3, G1", "Groovy 4.0.26"].map((f) => `<li>${f}</li>`).join(""),
    SENTENCES: `<p>${code(rules.id)} and what it calls take <strong>${percent(rules.total, whole)}</strong> of the CPU; most of it is spent in ${code(hot.id)} itself (${percent(hot.self, whole)}).</p>` +
      `<p>Dynamic calls of Groovy cost ${percent(methods.filter((m) => KINDS[profile.frames[m.id].kind] === "dispatch").reduce((s, m) => s + m.self, 0), whole)} on top, and compiling scripts at run time 7.3 %: the rules are parsed anew for every order.</p>` +
      `<p>Garbage collection is not the trouble: 2.2 % of the time, the longest pause 38 ms; the heap returns to the same level after each.</p>`,
    FIGURES: [["CPU used", seconds(whole * scale), "4.0 of 4 cores"], ["Samples", whole.toLocaleString("en-US"), `${percent(failed, whole)} not walked`],
      ["GC pauses", "674 ms", "47 pauses, 2.2 % of the time"], ["Longest pause", "38.1 ms", "G1 Evacuation Pause"], ["Waited for locks", "1.26 s", "409 waits"], ["Heap after GC", "91 MiB", "of 256 MiB"]]
      .map(([dt, dd, small]) => `<div><dt>${dt}</dt><dd>${dd}<small>${small}</small></dd></div>`).join(""),
    HOT_NOTE: "The 25 methods that use the most CPU themselves",
    HOT_ROWS: hotRows(profile, methods, whole, scale),
    SITES_NOTE: "1 of 1 lines whose calls go through dispatch",
    SITE_ROWS: plainRows([["shop.PriceRules.apply", "1.2 s", "4 %"]]),
    PATHS_NOTE: "The call paths that use the most CPU, caller first",
    PATHS: pathItems(profile, stacks, whole),
    THREADS_NOTE: `${profile.groups.length} groups of threads`,
    THREAD_ROWS: threadRows(profile, stacks, whole, scale),
    WALL_NOTE: "3.2 min of 41 threads, running or not",
    WALL_STATES: plainRows([["parked", "2.9 min", "91 %"]]),
    WALL_POOLS: plainRows([["qtp-http", "3.2 min", "100 %"]]),
    WALL_PLACES: plainRows([["parked", "2.9 min", "100 %"]]),
    WALL_PATHS: "",
    GC_NOTE: "47 pauses, 674 ms together, 2.2 % of the time",
    GC_ROWS: gcRows(),
    GC_STEPS: gcSteps(),
    SAFEPOINTS_NOTE: "All threads stood, by the JVM's log",
    SAFEPOINTS_ROWS: safepointRows(),
    LATE_ROWS: lateRows(),
    LOCKS_NOTE: "409 waits for locks, 1.26 s together; held by qtp-http, mostly",
    LOCK_ROWS: lockRows(),
    HOLDER_ROWS: plainRows([["qtp-http", 380, "93 %"]]),
    POOLS_NOTE: "Means over the readings; full: all at work and something that waited",
    POOLS_ROWS: poolRows(),
    VIRTUAL_NOTE: "12,000 were made",
    PIN_ROWS: plainRows([["shop.Audit.write:9", "3", "100 %"]]),
    ALLOC_NOTE: "2.1 GiB in some 31,000,000 objects",
    ALLOC_CLASSES: plainRows([["byte[]", "1.4 GiB", "67 %"]]),
    ALLOC_PLACES: plainRows([["shop.Export.write:17", "1.4 GiB", "67 %"]]),
    ALLOC_LINES: "",
    ALLOC_PATHS: "",
    HEAP_NOTE: "Sampled every second and after each pause",
    HEAP_CHART: heapChart(),
    HEAP_ROWS: heapRows(),
    LIVE_NOTE: "61.4 MiB in some 812,000 objects, allocated in this session, had not been collected at its last snapshot; 84 % of it has survived 8 collections or more. Estimated from samples.",
    SUSPECT_ROWS: liveRow("shop.Session", "shop.Login.open:41", [num("52.1 MiB", 52), num("85 %", 85), num("690,000", 690), num("0 to 63", 0), num("1.1 GiB", 1100),
      `<td><span class="n">static shop.Registry.ALL &gt; ConcurrentHashMap &gt; shop.Tenant.sessions &gt; HashMap</span></td>`]),
    LIVE_ROWS: liveRow("shop.Session", "shop.Login.open:41", [num("52.1 MiB", 52), num("85 %", 85), num("690,000", 690), num("0 to 63", 0)]),
    LOADERS_NOTE: "40 of 41 loaders are held, and are not needed",
    LOADER_ROWS: plainRows([["groovy.lang.GroovyClassLoader", "40", "98 %"]]),
    JVM_NOTE: "By the JVM's own counters, over 30 s; sums are over all threads, compilers too",
    JVM_ROWS: jvmRows(),
    QUALITY_NOTE: "What is missing from this report, and why",
    QUALITY_ROWS: plainRows([["Samples taken", whole.toLocaleString("en-US"), "100 %"], ["Stack not walked: stub without a frame", failed, percent(failed, whole)],
      ["Stack truncated", 57, "0.5 %"], ["Lost: ring full", 0, "0 %"], ["Lost: agent memory at its limit", 0, "0 %"], ["Sent again and stored once", 1, "-"]]),
    COST_NOTE: "Counted in; shown apart here",
    COST_ROWS: plainRows([["CPU in signal handlers", "0.46 s", "0.38 %"], ["CPU of the agent's threads", "0.21 s", "0.17 %"], ["Memory, at most", "9.4 MiB", "of 32 MiB"],
      ["Sent to the collector", "212 KiB", "18 B a sample"], ["Delay of JVM exit", "-", ""]]),
    FOOT: "UMIG 0.1.0 \u00b7 made 2026-11-23 20:42 UTC \u00b7 this page needs no network and loads nothing",
    DATA: typeof data === "string" ? data : dataBlock(data),
  };
}

/** A whole page for a profile; `trees` as encode() takes them. */
export function page(profile, trees, facts) {
  return fill(template(), sections(profile, trees[0][2], encode(profile, trees), facts));
}
