// The reference encoder of the report's data block: what report/html.c must write, in JavaScript.
// The format is specified at the top of report/html/data.js; this file is its other half, so that
// the page can be tested without the C side.

export const KINDS = ["java", "groovy", "native", "kernel", "jvm", "dispatch", "truncated", "error"];

/** Collects frames, thread groups and weighted stacks; the raw stacks stay readable for oracles. */
export class Profile {
  constructor(metrics = [{ id: "cpu", label: "CPU time", unit: "ns", scale: 10_000_000 }]) {
    this.metrics = metrics;
    this.frames = [];
    this.groups = [];
    this.stacks = []; // {frames: [root .. leaf], group, metric, value}
    this.frameIds = new Map();
    this.groupIds = new Map();
  }

  frame(cls, method, kind = "java", file = "", line = 0) {
    const key = JSON.stringify([cls, method, kind]);
    if (!this.frameIds.has(key)) {
      this.frameIds.set(key, this.frames.length);
      this.frames.push({ cls, method, kind: KINDS.indexOf(kind), file, line });
    }
    return this.frameIds.get(key);
  }

  group(name) {
    if (!this.groupIds.has(name)) {
      this.groupIds.set(name, this.groups.length);
      this.groups.push(name);
    }
    return this.groupIds.get(name);
  }

  add(frames, group, value, metric = this.metrics[0].id) {
    this.stacks.push({ frames, group, value, metric });
  }
}

/** Base64 of a sequence of unsigned LEB128 numbers. */
export function column(numbers) {
  const bytes = [];
  for (let value of numbers) {
    while (value >= 0x80) {
      bytes.push((value % 0x80) | 0x80);
      value = Math.floor(value / 0x80);
    }
    bytes.push(value);
  }
  return Buffer.from(bytes).toString("base64");
}

/** A trie of all stacks; children are later visited heaviest first. */
function grow(stacks) {
  const root = { frame: -1, weight: 0, children: new Map(), cells: [] };
  for (const stack of stacks) {
    let node = root;
    node.weight += stack.value;
    for (const frame of stack.frames) {
      let child = node.children.get(frame);
      if (!child) {
        child = { frame, weight: 0, children: new Map(), cells: [] };
        node.children.set(frame, child);
      }
      node = child;
      node.weight += stack.value;
    }
    node.cells.push(stack);
  }
  return root;
}

/** Nodes in preorder with their depth, siblings heaviest first; the root (depth 0) comes first. */
function preorder(root) {
  const order = [];
  const todo = [[root, 0]];
  while (todo.length > 0) {
    const [node, depth] = todo.pop();
    order.push({ node, depth });
    const children = [...node.children.values()];
    children.sort((a, b) => a.weight - b.weight || b.frame - a.frame);
    for (const child of children) todo.push([child, depth + 1]);
  }
  return order;
}

/** (up, length) of each chain: a chain is a run of nodes, each the first child of the one before. */
function chains(order) {
  const numbers = [];
  let previousDepth = 0;
  let length = 0;
  for (let i = 1; i < order.length; i++) {
    const up = previousDepth + 1 - order[i].depth;
    if (i === 1 || up > 0) {
      if (length > 0) numbers.push(length);
      numbers.push(up);
      length = 0;
    }
    length++;
    previousDepth = order[i].depth;
  }
  if (length > 0) numbers.push(length);
  return numbers;
}

/**
 * Frames of the nodes as (run, frame) pairs: `run` nodes whose frame is the one that followed their
 * parent's frame last time, then one node whose frame is told. The last pair may lack its frame.
 */
function frameColumn(order) {
  const numbers = [];
  const path = [];
  const lastChild = new Map();
  let run = 0;
  for (const { node, depth } of order) {
    path[depth] = node.frame;
    if (depth === 0) continue;
    const parent = path[depth - 1];
    if (lastChild.get(parent) === node.frame) {
      run++;
    } else {
      numbers.push(run, node.frame);
      run = 0;
    }
    lastChild.set(parent, node.frame);
  }
  if (run > 0) numbers.push(run);
  return numbers;
}

/** (node delta, group, value) of each cell of one metric, by node and then by group. */
function cellColumn(order, metric) {
  const numbers = [];
  let last = 0;
  order.forEach(({ node }, index) => {
    const byGroup = new Map();
    for (const cell of node.cells) {
      if (cell.metric !== metric) continue;
      byGroup.set(cell.group, (byGroup.get(cell.group) ?? 0) + cell.value);
    }
    for (const [group, value] of [...byGroup].sort((a, b) => a[0] - b[0])) {
      numbers.push(index - last, group, value);
      last = index;
    }
  });
  return numbers;
}

export function encodeTree(id, label, stacks, metrics) {
  const order = preorder(grow(stacks));
  const cells = {};
  for (const metric of metrics) cells[metric.id] = column(cellColumn(order, metric.id));
  return { id, label, count: order.length - 1, chains: column(chains(order)), frames: column(frameColumn(order)), cells };
}

/** The data block's object. Trees are [id, label, stacks]. */
export function encode(profile, trees) {
  const strings = [""];
  const ids = new Map([["", 0]]);
  const intern = (text) => {
    if (!ids.has(text)) {
      ids.set(text, strings.length);
      strings.push(text);
    }
    return ids.get(text);
  };
  const frames = profile.frames;
  return {
    version: 1,
    frames: {
      count: frames.length,
      class: column(frames.map((f) => intern(f.cls))),
      method: column(frames.map((f) => intern(f.method))),
      kind: column(frames.map((f) => f.kind)),
      file: column(frames.map((f) => intern(f.file))),
      line: column(frames.map((f) => f.line)),
    },
    groups: profile.groups.map(intern),
    strings,
    metrics: profile.metrics,
    trees: trees.map(([id, label, stacks]) => encodeTree(id, label, stacks, profile.metrics)),
  };
}

/** JSON for a script element: no `<` survives, so neither `</script` nor `<!--` can. */
export function dataBlock(object) {
  return JSON.stringify(object).replace(/</g, "\\u003c");
}
