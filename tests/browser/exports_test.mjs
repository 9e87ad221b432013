// Exports read back by speedscope itself, as it is published: its own file, and those of pprof and of
// collapsed stacks. pprof's own tool and OpenTelemetry's classes are asked in tests/exports.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Profile } from "./encode.mjs";
import { check, equal, HERE, withPage } from "./harness.mjs";
import { fileOf, linesOf, writerTest } from "./writer_test.mjs";

const APP = pathToFileURL(join(HERE, "node_modules/speedscope/dist/release/index.html")).href;

/** Two thread groups, recursion, and names that a format could trip over. */
function made() {
  const profile = new Profile();
  const run = profile.frame("shop.Main", "run");
  const walk = profile.frame("shop.Orders", "walk");
  const total = profile.frame("shop.Orders", "total");
  const evil = profile.frame("a<b>\"c\\", "</script>; x");
  const [worker, main] = [profile.group("worker-*"), profile.group("main")];
  profile.add([run, total], worker, 600);
  profile.add([run, walk, walk, walk], worker, 150);
  profile.add([run, evil], worker, 50);
  profile.add([run, total], main, 100);
  return profile;
}

/** Opens a file in speedscope and returns the texts of its sandwich view, row by row. */
function cellsOf(name, bytes) {
  return withPage(APP, async (page) => {
    await page.locator("input[type=file]").setInputFiles({ name, mimeType: "application/octet-stream", buffer: bytes });
    await page.getByText("Time Order").waitFor();
    await page.keyboard.press("3");
    await page.getByText("Symbol Name").waitFor();
    return page.locator("table tr").evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
  }, { isForeign: true });
}

/** Likewise: name -> [total, self] in percent. */
async function readBack(name, bytes) {
  const rows = {};
  for (const cells of await cellsOf(name, bytes)) {
    const shares = cells.map((cell) => /\(<?([\d.]+)%\)/.exec(cell)?.[1]).filter((share) => share !== undefined).map(Number);
    if (shares.length === 2) rows[cells[cells.length - 1]] = shares;
  }
  return rows;
}

const file = (form) => fileOf(linesOf(made(), made().stacks), [form]);

writerTest("speedscope reads its own file", async () => {
  const text = file("speedscope");
  const rows = await readBack("a.speedscope.json", text);
  // The first of its profiles is the heaviest thread group: 800 of 900 samples.
  equal(Object.keys(rows).length, 4, `functions, ${JSON.stringify(rows)}`);
  equal(rows["shop.Main.run"][0], 100, "run");
  equal(rows["shop.Orders.total"], [75, 75], "total");
  equal(rows["shop.Orders.walk"], [19, 19], "walk, recursive");
  check(Object.keys(rows).some((name) => name.includes("</script>; x")), "the hostile name is not text");
  equal(JSON.parse(text).profiles.map(({ name }) => name), ["worker-*", "main"], "thread groups");
});

writerTest("speedscope's file is what its schema says", () => {
  const schema = JSON.parse(readFileSync(join(HERE, "node_modules/speedscope/dist/release/file-format-schema.json"), "utf8"));
  const { $schema, ...made } = JSON.parse(file("speedscope"));
  equal($schema, "https://www.speedscope.app/file-format-schema.json", "$schema");
  const known = (name) => Object.keys(schema.definitions[name].properties);
  const required = (name) => schema.definitions[name].required ?? [];
  const fits = (value, name) => {
    for (const key of Object.keys(value)) check(known(name).includes(key), `${name} knows no ${key}`);
    for (const key of required(name)) check(key in value, `${name} lacks ${key}`);
  };
  const file_ = "FileFormat.File";
  for (const key of required(file_)) check(key in made || key === "$schema", `${file_} lacks ${key}`);
  made.shared.frames.forEach((frame) => fits(frame, "FileFormat.Frame"));
  made.profiles.forEach((profile) => fits(profile, "FileFormat.SampledProfile"));
  made.profiles.forEach(({ samples, weights }) => equal(samples.length, weights.length, "weights"));
});

writerTest("speedscope reads the pprof file", async () => {
  const rows = await readBack("a.pb.gz", file("pprof"));
  equal(rows["shop.Main.run"][0], 100, `run, ${JSON.stringify(rows)}`);
  equal(rows["shop.Orders.total"], [78, 78], "total: 700 of 900");
});

writerTest("speedscope reads collapsed stacks", async () => {
  const rows = await readBack("a.txt", file("collapsed"));
  equal(rows["shop.Orders.total"], [78, 78], `total, ${JSON.stringify(rows)}`);
  equal(rows["[worker-*]"][0], 89, "a thread group");
});

const hex = (text) => Buffer.from(text, "utf8").toString("hex");
/** One stack under shop.Main.run, as write_page.c reads it; the last frame is told of the kind. */
const stackOf = (value, kind, cls, method = "") =>
  `${[value, hex("main"), `1:${hex("shop.Main")}:${hex("run")}:`, `${kind}:${hex(cls)}:${hex(method)}:`].join(" ")}\n`;

// What stands innermost, by kind; and the root's figure with its unit, as speedscope writes it.
const KIND_FILES = [
  ["alloc", stackOf(6 << 20, 14, "byte[]") + stackOf(2 << 20, 14, "shop.Order"), "byte[]", "8.00 MB"],
  ["locks", stackOf(6e9, 13, "shop.Stock") + stackOf(2e9, 13, "shop.Orders"), "shop.Stock", "8.00s"],
  ["wall", stackOf(6e9, 13, "shop.Stock", "blocked") + stackOf(2e9, 13, "", "running"), "[blocked: shop.Stock]", "8.00s"],
];

for (const [kind, lines, innermost, whole] of KIND_FILES) {
  for (const [form, name] of [["speedscope", "a.speedscope.json"], ["pprof", "a.pb.gz"]]) {
    writerTest(`speedscope reads ${kind} of the ${form} file`, async () => {
      const cells = await cellsOf(name, fileOf(lines, [`${form}-${kind}`]));
      const rows = Object.fromEntries(cells.map((row) => [row[row.length - 1], row.join(" ")]));
      check(rows["shop.Main.run"]?.includes(`${whole} (100%)`), `the root, ${JSON.stringify(rows)}`);
      check(rows[innermost]?.includes("(75%)"), `${innermost}, ${JSON.stringify(rows)}`);
    });
  }
}
