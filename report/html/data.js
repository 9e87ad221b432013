// The data block of the report and its decoder.
//
// The writer puts one JSON object into <script type="application/json" id="umig-data">, with every
// less-than sign as \u003c, so that nothing in it can end the element or open a comment. Version 1:
//
//   { "version": 1,
//     "strings": ["", "shop.PriceRules", "apply", ...],     names; [0] is the empty string
//     "frames":  { "count": F, "class": COL, "method": COL, "kind": COL, "file": COL, "line": COL },
//     "groups":  [S, ...],                                   thread groups, as indexes of strings
//     "metrics": [{ "id": "cpu", "label": "CPU time", "unit": "ns", "scale": 10000000 }, ...],
//     "trees":   [{ "id": "folded", "label": "Folded", "count": N, "left_out": 0,
//                   "chains": COL, "frames": COL, "cells": { "cpu": COL, ... } }, ...] }
//
// COL    base64 (with padding) of unsigned LEB128 numbers, each below 2^53.
// frames class, method and file are indexes of strings (0: none); kind is an index of KINDS below;
//        line is 0 when unknown. One number a frame in each column. A class is written with dots;
//        of a native or JVM frame it is the library, of a kernel frame nothing.
// metrics unit is "ns", "bytes" or "count"; a value times scale is in that unit.
// trees  nodes in preorder without the root; the page draws siblings in the order of the data, so
//        the writer puts the heaviest first. "folded" comes first; more trees are optional.
//        Every tree must hold the same total of each metric. left_out (optional) tells how many
//        nodes were too small to be written; their values are in what called them.
// chains (up, length) pairs. A chain is a run of nodes, each the first child of the one before it.
//        `up` says how many levels to climb from the end of the previous chain to the node that
//        the chain hangs from; the first chain hangs from the root and has up = 0, others up >= 1.
// frames of a tree: (run, frame) pairs. `run` nodes follow their parent's frame in the way it was
//        followed last (the frame of the most recent earlier node whose parent had the same frame;
//        the root counts as a frame of its own); then comes one node with the frame told. The last
//        pair has no frame when the nodes end with a run.
// cells  (node delta, group, value) triples: `value` samples or bytes or nanoseconds / scale ended
//        in this very node (self) in threads of this group. Nodes count from 1 (0 is the root), the
//        first delta counts from 0, a delta of 0 stays on the node. A metric without samples in a
//        tree may be missing.
//
// marks  (optional, of a tree and of the block) columns that a page of its own reads: diff.js.
//
// 100,000 distinct stacks of 70 frames (3.6 million nodes) take 3.6 MB so, as JSON arrays 26 MB.

const KINDS = ["java", "groovy", "native", "kernel", "jvm", "dispatch", "truncated", "error", "root"];
const KIND = Object.freeze(Object.fromEntries(KINDS.map((name, index) => [name, index])));
const ROOT = 0; // node
const MAX_NODES = 20_000_000;

/** Says that the block breaks the format above. */
class DataError extends Error {}

/** Says that the block is of a session without a stack: there is nothing to draw. */
class NoStacks extends DataError {}

/** Reads the numbers of one column. */
class Column {
  constructor(text, name) {
    if (typeof text !== "string") throw new DataError(`${name} is not a column`);
    this.name = name;
    this.at = 0;
    try {
      this.bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : bytesOf(atob(text));
    } catch {
      throw new DataError(`${name} is not base64`);
    }
  }

  get done() {
    return this.at >= this.bytes.length;
  }

  next() {
    const bytes = this.bytes;
    let byte = bytes[this.at++];
    if (byte < 0x80) return byte;
    let value = 0;
    let unit = 1;
    for (; byte >= 0x80; byte = bytes[this.at++]) {
      value += (byte - 0x80) * unit;
      unit *= 0x80;
    }
    if (byte === undefined || unit > 2 ** 49) throw new DataError(`${this.name} ends inside a number`);
    return value + byte * unit;
  }

  /** The next number, which must be below `limit`. */
  below(limit) {
    const value = this.next();
    if (!(value < limit)) throw new DataError(`${this.name} holds ${value}, expected below ${limit}`);
    return value;
  }
}

function bytesOf(binary) {
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** A name as it may be shown: nothing in it can move the cursor, reorder text or hide. */
function visible(text) {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\p{Surrogate}/gu,
    (c) => {
      const code = c.codePointAt(0);
      if (code < 0x20) return String.fromCharCode(0x2400 + code); // control pictures
      return code === 0x7f ? "\u2421" : "\ufffd";
    });
}

/** Reads the frame table: names, kinds and which frames are the same method. */
function decodeFrames(raw, strings) {
  const count = raw.count;
  if (!Number.isInteger(count) || count < 0 || count > MAX_NODES) throw new DataError("frames.count is not a count");
  const read = (name, limit) => {
    const column = new Column(raw[name], `frames.${name}`);
    return Uint32Array.from({ length: count }, () => column.below(limit));
  };
  const text = (name) => Array.from(read(name, strings.length), (id) => strings[id]);
  const frames = {
    count: count + 1,
    className: text("class"),
    method: text("method"),
    kind: read("kind", KIND.root),
    file: text("file"),
    line: read("line", 2 ** 32),
  };
  // The root is a frame too, so that every node has one.
  frames.root = count;
  frames.className.push("");
  frames.method.push("all");
  frames.kind = Uint8Array.from([...frames.kind, KIND.root]);
  frames.file.push("");
  frames.line = Uint32Array.from([...frames.line, 0]);
  frames.methodOf = methodsOf(frames);
  return frames;
}

/** For each frame the first frame of the same method (frames may differ by line only). */
function methodsOf(frames) {
  const first = new Map();
  return Uint32Array.from({ length: frames.count }, (_, f) => {
    const key = `${frames.kind[f]} ${frames.className[f]}\n${frames.method[f]}`;
    if (!first.has(key)) first.set(key, f);
    return first.get(key);
  });
}

/** Reads the shape of a tree: parent, depth, end (the node after the subtree) and frame. */
function decodeTree(raw, frames) {
  if (!Number.isInteger(raw.count) || raw.count < 0 || raw.count >= MAX_NODES) {
    throw new DataError(`trees.${raw.id}.count is not a count`);
  }
  const tree = {
    id: String(raw.id),
    label: visible(String(raw.label)),
    count: raw.count + 1,
    parent: new Int32Array(raw.count + 1),
    depth: new Uint16Array(raw.count + 1),
    frame: new Int32Array(raw.count + 1),
    end: new Int32Array(raw.count + 1),
    cells: raw.cells ?? {},
    marks: raw.marks ?? null,
    leftOut: Number(raw.left_out ?? 0),
  };
  decodeShape(tree, new Column(raw.chains, `trees.${tree.id}.chains`));
  decodeNodeFrames(tree, new Column(raw.frames, `trees.${tree.id}.frames`), frames);
  closeTree(tree);
  return tree;
}

function decodeShape(tree, column) {
  tree.parent[ROOT] = -1;
  let node = ROOT;
  while (!column.done) {
    let from = node;
    for (let up = column.below(tree.depth[node] + 1); up > 0; up--) from = tree.parent[from];
    for (let length = column.below(tree.count - node); length > 0; length--) {
      node++;
      tree.parent[node] = from;
      tree.depth[node] = tree.depth[from] + 1;
      from = node;
    }
  }
  if (node !== tree.count - 1) throw new DataError(`trees.${tree.id} has ${node} nodes, expected ${tree.count - 1}`);
}

function decodeNodeFrames(tree, column, frames) {
  const followed = new Int32Array(frames.count).fill(-1);
  const { frame, parent } = tree;
  frame[ROOT] = frames.root;
  let run = column.done ? tree.count : column.next();
  for (let node = 1; node < tree.count; node++) {
    const above = frame[parent[node]];
    if (run > 0) {
      frame[node] = followed[above];
      if (frame[node] < 0) throw new DataError(`trees.${tree.id}.frames: node ${node} follows nothing`);
      run--;
    } else {
      frame[node] = column.below(frames.root);
      run = column.done ? tree.count : column.next();
    }
    followed[above] = frame[node];
  }
}

/** Fills `end`: in preorder a subtree is the range [node, end[node]). */
function closeTree(tree) {
  const { parent, end, count } = tree;
  for (let node = count - 1; node > ROOT; node--) {
    if (end[node] === 0) end[node] = node + 1;
    if (end[parent[node]] === 0) end[parent[node]] = end[node];
  }
  end[ROOT] = count;
}

/** Reads the cells of one metric into parallel arrays. */
function decodeCells(tree, metric, groupCount) {
  const cells = { node: [], group: [], value: [] };
  if (!Object.hasOwn(tree.cells, metric.id)) return cells;
  const column = new Column(tree.cells[metric.id], `trees.${tree.id}.cells.${metric.id}`);
  let node = 0;
  while (!column.done) {
    node += column.below(tree.count - node);
    cells.node.push(node);
    cells.group.push(column.below(groupCount));
    cells.value.push(column.next() * metric.scale);
  }
  return cells;
}

/** Parses the block; whatever is wrong with it becomes a DataError. */
function parseBlock(text) {
  let raw;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new DataError(`its data block is not JSON (${error.message})`);
  }
  if (raw?.version !== 1) throw new DataError(`its data block has version ${raw?.version}, this page reads version 1`);
  for (const list of ["strings", "groups", "metrics", "trees"]) {
    if (!Array.isArray(raw[list])) throw new DataError(`${list} is not a list`);
  }
  if (raw.metrics.length === 0 || raw.trees.length === 0) throw new NoStacks("no stack was sampled");
  return raw;
}

/** Decodes the whole block; trees are decoded when they are first asked for. */
function decodeReport(text) {
  const raw = parseBlock(text);
  const strings = raw.strings.map((s) => visible(String(s)));
  const frames = decodeFrames(raw.frames ?? {}, strings);
  const trees = new Map();
  return {
    frames,
    groups: raw.groups.map((id) => strings[id] ?? ""),
    metrics: raw.metrics,
    marks: raw.marks ?? null,
    trees: raw.trees.map((tree) => ({ id: String(tree.id), label: visible(String(tree.label)) })),
    tree(id) {
      if (!trees.has(id)) trees.set(id, decodeTree(raw.trees.find((tree) => tree.id === id), frames));
      return trees.get(id);
    },
  };
}
