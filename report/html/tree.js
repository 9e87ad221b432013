// Call trees as preorder arrays, and everything that is computed from them. Pure: no DOM.
//
// A tree has {count, parent, depth, frame, end}; its weights {self, total} (in the metric's unit)
// are kept apart because a change of metric or of thread groups changes them and nothing else.

/** Sums the cells of the chosen thread groups: {self, total}, one number a node. */
function weigh(tree, cells, isGroupOn) {
  const self = new Float64Array(tree.count);
  for (let i = 0; i < cells.node.length; i++) {
    if (isGroupOn[cells.group[i]]) self[cells.node[i]] += cells.value[i];
  }
  return { self, total: totalsOf(tree, self) };
}

function totalsOf(tree, self) {
  const total = Float64Array.from(self);
  for (let node = tree.count - 1; node > ROOT; node--) total[tree.parent[node]] += total[node];
  return total;
}

/** Where each node begins, in the metric's unit from the left; self time lies right of the children. */
function placeNodes(tree, total) {
  const start = new Float64Array(tree.count);
  const next = new Float64Array(tree.count); // where the next child of a node begins
  for (let node = 1; node < tree.count; node++) {
    const parent = tree.parent[node];
    start[node] = next[parent];
    next[parent] += total[node];
    next[node] = start[node];
  }
  return start;
}

/** Nodes by depth, left to right: nodes[first[d] .. first[d + 1]) have depth d. */
function levelsOf(tree) {
  let depth = 0;
  for (let node = 0; node < tree.count; node++) depth = Math.max(depth, tree.depth[node]);
  const first = new Int32Array(depth + 2);
  for (let node = 0; node < tree.count; node++) first[tree.depth[node] + 1]++;
  for (let d = 0; d <= depth; d++) first[d + 1] += first[d];
  const nodes = new Int32Array(tree.count);
  const fill = first.slice();
  for (let node = 0; node < tree.count; node++) nodes[fill[tree.depth[node]]++] = node;
  return { count: depth + 1, first, nodes };
}

/** What the nodes of matching frames cost together; a match below a match is not counted again. */
function matchedTotal(tree, total, isMatch) {
  let sum = 0;
  for (let node = 0; node < tree.count;) {
    if (isMatch[tree.frame[node]]) {
      sum += total[node];
      node = tree.end[node];
    } else {
      node++;
    }
  }
  return sum;
}

/** A test for search texts: plain text without regard to case, or a regular expression. */
function matcher(text, isRegex) {
  if (isRegex) {
    const pattern = new RegExp(text, "iu");
    return (name) => pattern.test(name);
  }
  const wanted = text.toLowerCase();
  return (name) => name.toLowerCase().includes(wanted);
}

/** The full name of a frame, as search sees it. */
function fullName(frames, f) {
  const cls = frames.className[f];
  const kind = frames.kind[f];
  return joinName(cls, frames.method[f], kind === KIND.native || kind === KIND.jvm ? "`" : ".");
}

/** A class and a method as one name; a part of a class's own code, "{closure 1}", stands apart. */
function joinName(cls, method, mark) {
  if (cls === "" || method === "") return cls + method;
  return `${cls}${method.startsWith("{") ? " " : mark}${method}`;
}

/** Which frames match: one byte a frame. */
function matchFrames(frames, test) {
  const isMatch = new Uint8Array(frames.count);
  for (let f = 0; f < frames.root; f++) isMatch[f] = test(fullName(frames, f)) ? 1 : 0;
  return isMatch;
}

/**
 * The two halves of a sandwich: who calls a method and what it calls, over all its occurrences.
 *
 * Only outermost occurrences count (one below another is part of it), so a recursive method is
 * never counted twice; its inner calls show among the callees. Both roots weigh the same.
 */
function sandwich(tree, weights, frames, method) {
  const occurrences = [];
  let self = 0;
  for (let node = 0; node < tree.count; node++) {
    if (frames.methodOf[tree.frame[node]] === method) self += weights.self[node];
  }
  for (let node = 1; node < tree.count;) {
    if (frames.methodOf[tree.frame[node]] === method && weights.total[node] > 0) occurrences.push(node);
    const isOutermost = frames.methodOf[tree.frame[node]] === method;
    node = isOutermost || weights.total[node] === 0 ? tree.end[node] : node + 1;
  }
  const total = occurrences.reduce((sum, node) => sum + weights.total[node], 0);
  return {
    self,
    total,
    occurrences: occurrences.length,
    callers: mergeCallers(tree, weights, frames, occurrences),
    callees: mergeCallees(tree, weights, frames, occurrences),
  };
}

function mergeCallees(tree, weights, frames, occurrences) {
  return mergeTree(frames, tree, occurrences, {
    weightOf: (item) => weights.total[item],
    selfOf: (item) => weights.self[item],
    eachNext(item, visit) {
      const end = tree.end[item];
      for (let child = item + 1; child < end; child = tree.end[child]) {
        if (weights.total[child] > 0) visit(child);
      }
    },
  });
}

/** Item i climbs from occurrence i towards the root and carries that occurrence's whole weight. */
function mergeCallers(tree, weights, frames, occurrences) {
  const at = Int32Array.from(occurrences);
  return mergeTree(frames, tree, occurrences.map((_, i) => i), {
    frameOf: (i) => tree.frame[at[i]],
    weightOf: (i) => weights.total[occurrences[i]],
    selfOf: (i) => (tree.parent[at[i]] === ROOT ? weights.total[occurrences[i]] : 0),
    eachNext(i, visit) {
      at[i] = tree.parent[at[i]];
      if (at[i] !== ROOT) visit(i);
    },
  });
}

/**
 * Merges items into a new tree, one node per path of methods, heaviest siblings first.
 *
 * @param items  what the root of the new tree is made of
 * @param walk   frameOf, weightOf and selfOf an item, and eachNext(item, visit): where it goes on.
 *               An item is expanded once, after its weights were read.
 * @return       {tree, weights} as the page draws them; node 0 is the merged root itself
 */
function mergeTree(frames, tree, items, walk) {
  const frameOf = walk.frameOf ?? ((item) => tree.frame[item]);
  const out = { parent: [], depth: [], frame: [], self: [], total: [] };
  const todo = [{ items, parent: -1, depth: 0, weight: 0 }];
  while (todo.length > 0) {
    const { items: here, parent, depth } = todo.pop();
    const node = out.parent.push(parent) - 1;
    out.depth.push(depth);
    out.frame.push(here.length > 0 ? frameOf(here[0]) : frames.root);
    out.total.push(sumOf(here, walk.weightOf));
    out.self.push(sumOf(here, walk.selfOf));
    const children = groupNext(here, walk, (item) => frames.methodOf[frameOf(item)]);
    children.sort((a, b) => a.weight - b.weight);
    for (const child of children) todo.push({ items: child.items, parent: node, depth: depth + 1 });
  }
  return finishMerged(out);
}

function sumOf(items, weightOf) {
  let sum = 0;
  for (const item of items) sum += weightOf(item);
  return sum;
}

/** The items that follow, grouped by method: [{items, weight}, ...]. */
function groupNext(items, walk, methodOf) {
  const groups = new Map();
  for (const item of items) {
    walk.eachNext(item, (next) => {
      const method = methodOf(next);
      const group = groups.get(method);
      if (group === undefined) {
        groups.set(method, { items: [next], weight: walk.weightOf(next) });
      } else {
        group.items.push(next);
        group.weight += walk.weightOf(next);
      }
    });
  }
  return [...groups.values()];
}

function finishMerged(out) {
  const merged = {
    count: out.parent.length,
    parent: Int32Array.from(out.parent),
    depth: Uint16Array.from(out.depth),
    frame: Int32Array.from(out.frame),
    end: new Int32Array(out.parent.length),
  };
  closeTree(merged);
  return { tree: merged, weights: { self: Float64Array.from(out.self), total: Float64Array.from(out.total) } };
}
