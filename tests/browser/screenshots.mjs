// Takes the pictures of docs/: node screenshots.mjs [URL or path of a report] (default: the made-up
// service). Pictures besides docs/report.png go to out/, for looking at.

import { join } from "node:path";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { closeBrowser, HERE, openBrowser, OUT, press, settle, withPage, writePage } from "./harness.mjs";
import { page as writeReport } from "./sections.mjs";
import { serviceProfile } from "./service.mjs";

function reportUrl(given) {
  if (given !== undefined) return existsSync(given) ? pathToFileURL(given).href : given;
  const { profile, folded, unfolded } = serviceProfile(12_000);
  return writePage("screenshot", writeReport(profile, [["folded", "Folded", folded], ["unfolded", "Unfolded", unfolded]]));
}

const url = reportUrl(process.argv[2]);
const shots = {
  [join(HERE, "../../docs/report.png")]: { act: async () => {} },
  [join(OUT, "dark-search.png")]: { scheme: "dark", act: async (page) => page.fill("#search", "PriceRules") },
  [join(OUT, "sandwich.png")]: { act: async (page) => page.locator("#hot .method").nth(2).click() },
  [join(OUT, "unfolded-flame.png")]: { act: async (page) => press(page, "u", "f") },
  [join(OUT, "packages.png")]: { act: async (page) => press(page, "c") },
  [join(OUT, "threads-menu.png")]: { act: async (page) => page.click("#groups summary") },
  [join(OUT, "help.png")]: { scheme: "dark", act: async (page) => press(page, "?") },
  [join(OUT, "whole.png")]: { act: async () => {}, fullPage: true },
};

await openBrowser();
for (const [path, { scheme = "light", act, fullPage = false }] of Object.entries(shots)) {
  await withPage(url, async (page) => {
    await settle(page);
    await act(page);
    await page.mouse.move(0, 0);
    await settle(page);
    await page.screenshot({ path, fullPage });
  }, { colorScheme: scheme, viewport: { width: 1360, height: 1120 }, deviceScaleFactor: fullPage ? 1 : 1.5 });
}
await closeBrowser();
