// Assembles the report page the way the C side does: bundle.cmake's work at build time (sources into
// the template, hashes into the policy), then the writer's (text into the remaining marks).

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const HTML = join(dirname(fileURLToPath(import.meta.url)), "../../report/html");

const read = (name) => readFileSync(join(HTML, name), "utf8");
const sha256 = (text) => createHash("sha256").update(text).digest("base64");

/** The page with styles and scripts in it and the writer's marks open. */
export function template(page = "page.html", list = "sources.txt") {
  const sources = read(list).trim().split("\n");
  const script = `(() => {\n"use strict";\n${sources.map(read).join("")}})();\n`;
  const style = read("page.css");
  const parts = { STYLE: style, SCRIPT: script, STYLE_HASH: sha256(style), SCRIPT_HASH: sha256(script) };
  return read(page).replace(/\{\{([A-Z_]+)\}\}/g, (mark, name) => parts[name] ?? mark);
}

/** Fills every mark of the template; a mark without a text, or the reverse, is an error. */
export function fill(page, parts) {
  const left = new Set(Object.keys(parts));
  const filled = page.replace(/\{\{([A-Z_]+)\}\}/g, (_, name) => {
    if (!(name in parts)) throw new Error(`no text for {{${name}}}`);
    left.delete(name);
    return parts[name];
  });
  if (left.size > 0) throw new Error(`the template has no {{${[...left].join()}}}`);
  return filled;
}

/** Text for element content and quoted attributes; what could steer a terminal or reorder text is made visible. */
export function escape(text) {
  const plain = String(text).replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\p{Surrogate}/gu, "\ufffd");
  return plain.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
