// A flame graph on a canvas: what is seen, drawing it, and finding the frame under a point.
//
// A view is a window [left, right) over the tree's total, in the metric's unit, plus the vertical
// scroll of its box. The canvas is only as large as the box and sticks to its top, so depth costs
// nothing. Drawing touches what can be seen: rows in the box, in each row the frames in the window,
// found by binary search; frames narrower than MIN_PX are merged into slivers, at most one step
// a pixel. So a drawing costs pixels, not frames, however large the tree. Slivers can be as many as
// pixels, so they are not drawn one by one: each is a pixel of a small image with one pixel row
// a graph row, and that image is stretched over the graph at once.

const ROW = 18; // height of a row, CSS pixels
const MIN_PX = 1.2; // narrower frames are merged
const TEXT_PX = 26; // narrower frames get no label
const PAD = 4; // left and right of a label
const FONT = '11.5px -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif';
const ZOOM_MS = 220;
const MAX_ROWS = 400; // rows that are kept ready
const MAX_LABEL = 200; // characters that are measured; no screen shows more

class FlameView {
  /**
   * @param box     the element that scrolls; it gets a canvas and a spacer as children
   * @param label   what a screen reader calls the graph
   * @param events  {onHover(node or -1, x, y), onSelect(node), onZoom(node), onOpen(node)}; all borrowed
   */
  constructor(box, label, events) {
    this.box = box;
    this.events = events;
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-roledescription", "flame graph");
    this.canvas.setAttribute("aria-label", label);
    this.spacer = document.createElement("div");
    this.box.append(this.canvas, this.spacer);
    this.pen = this.canvas.getContext("2d", { alpha: false });
    this.stripCanvas = document.createElement("canvas");
    this.model = null;
    this.labels = new Map(); // by frame
    this.unitWidths = new Map();
    this.isFlame = false;
    this.search = null;
    this.selected = -1;
    this.hovered = -1;
    this.isDue = false;
    this.drawn = 0; // drawings so far
    this.setTheme("light");
    this.box.addEventListener("scroll", () => this.schedule(), { passive: true });
    new ResizeObserver(() => this.resize()).observe(this.box);
    addFlameInput(this);
  }

  /**
   * Shows a tree. `model` holds {tree, weights, frames, paint by frame, nodePaint by node or null}; zoom and selection stay if
   * it is the tree shown already (with other weights) and what they name still weighs something.
   */
  setModel(model) {
    const isSameTree = this.model !== null && this.model.tree === model.tree;
    this.model = { ...model, start: placeNodes(model.tree, model.weights.total) };
    this.levels = isSameTree ? this.levels : levelsOf(model.tree);
    this.lineUp();
    if (!isSameTree) {
      this.history = [];
      this.selected = -1;
    }
    const keeps = isSameTree && model.weights.total[this.zoomNode] > 0;
    this.hovered = -1;
    this.setSearch(this.search);
    this.showWindow(keeps ? this.zoomNode : ROOT, true);
    if (!isSameTree) this.scrollToRoot();
  }

  /** Copies what a row needs into row order: searching and drawing it then read memory in line. */
  lineUp() {
    const { tree, weights, start, paint, nodePaint } = this.model;
    const { nodes } = this.levels;
    this.forgetRows();
    this.starts = new Float64Array(nodes.length);
    this.ends = new Float64Array(nodes.length);
    this.paints = new Uint16Array(nodes.length);
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      this.starts[i] = start[node];
      this.ends[i] = start[node] + weights.total[node];
      this.paints[i] = nodePaint ? nodePaint[node] : paint[tree.frame[node]];
    }
  }

  setTheme(name) {
    this.palette = paletteOf(name);
    this.forgetRows();
    this.hatch = hatch(this.pen, name);
    this.schedule();
  }

  setFlame(isFlame) {
    this.isFlame = isFlame;
    this.layOut();
    this.scrollToRoot();
    this.revealDepth(this.zoomNode);
  }

  /** Highlights the frames marked in `isMatch` (one byte a frame), or none if it is null. */
  setSearch(isMatch) {
    this.search = isMatch;
    this.forgetRows();
    this.matchesBefore = null;
    if (isMatch !== null && this.model !== null) {
      const { nodes } = this.levels;
      const { tree, weights } = this.model;
      this.matchesBefore = new Int32Array(nodes.length + 1);
      for (let i = 0; i < nodes.length; i++) {
        const hit = isMatch[tree.frame[nodes[i]]] !== 0 && weights.total[nodes[i]] > 0;
        this.matchesBefore[i + 1] = this.matchesBefore[i] + (hit ? 1 : 0);
      }
    }
    this.schedule();
  }

  // --- zoom ---------------------------------------------------------------------------------

  get whole() {
    return this.model.weights.total[ROOT];
  }

  /** Zooms so that `node` fills the width; the way back is remembered. */
  zoomTo(node, isInstant = false) {
    if (node === this.zoomNode && this.isWindowOf(node)) return;
    this.history.push(this.zoomNode);
    this.showWindow(node, isInstant);
  }

  zoomBack() {
    this.showWindow(this.history.pop() ?? ROOT, false);
  }

  resetZoom() {
    this.history = [];
    this.showWindow(ROOT, false);
  }

  isWindowOf(node) {
    const { start, weights } = this.model;
    return this.goal.left === start[node] && this.goal.right === start[node] + weights.total[node];
  }

  showWindow(node, isInstant) {
    const { start, weights } = this.model;
    this.zoomNode = node;
    this.goal = { left: start[node], right: start[node] + weights.total[node] };
    this.origin = this.window;
    this.goalTime = performance.now() + ZOOM_MS;
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (isInstant || isStill || !this.origin) this.window = this.goal;
    this.layOut();
    this.revealDepth(node);
    this.events.onZoom(node);
  }

  /** Moves the window freely (wheel, drag); it stays within the whole. */
  moveWindow(left, right) {
    const least = this.whole * 1e-9;
    const width = Math.min(this.whole, Math.max(least, right - left));
    const from = Math.min(Math.max(0, left), this.whole - width);
    this.window = { left: from, right: from + width };
    this.goal = this.window;
    this.climbToWindow();
    this.schedule();
  }

  /** After a free move the zoomed frame is the nearest caller that still spans the window. */
  climbToWindow() {
    const { tree, start, weights } = this.model;
    let node = this.zoomNode;
    const spans = (n) => start[n] <= this.window.left && this.window.right <= start[n] + weights.total[n];
    while (node !== ROOT && !spans(node)) node = tree.parent[node];
    if (node === this.zoomNode) return;
    this.zoomNode = node;
    this.layOut();
    this.events.onZoom(node);
  }

  stepAnimation() {
    if (this.window === this.goal) return;
    const left = Math.max(0, this.goalTime - performance.now()) / ZOOM_MS;
    if (left === 0) {
      this.window = this.goal;
      return;
    }
    const ease = 1 - left ** 3;
    const between = (a, b) => a + (b - a) * ease;
    this.window = { left: between(this.origin.left, this.goal.left), right: between(this.origin.right, this.goal.right) };
    this.schedule();
  }

  // --- size and scroll ----------------------------------------------------------------------

  /** Depth of the deepest frame below the zoomed one. */
  deepest() {
    const { tree, weights } = this.model;
    let depth = 0;
    for (let node = this.zoomNode; node < tree.end[this.zoomNode]; node++) {
      if (weights.total[node] > 0 && tree.depth[node] > depth) depth = tree.depth[node];
    }
    return depth;
  }

  layOut() {
    this.rows = this.deepest() + 1;
    this.box.style.height = `min(${this.box.dataset.height ?? "66vh"}, ${this.levels.count * ROW}px)`;
    this.resize();
  }

  resize() {
    if (this.model === null) return;
    const ratio = devicePixelRatio || 1;
    this.width = this.box.clientWidth;
    this.height = this.box.clientHeight;
    this.canvas.width = Math.max(1, Math.round(this.width * ratio));
    this.canvas.height = Math.max(1, Math.round(this.height * ratio));
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${this.height}px`;
    this.spacer.style.height = `${Math.max(0, this.rows * ROW - this.height)}px`;
    this.ratio = ratio;
    this.schedule();
  }

  scrollToRoot() {
    this.box.scrollTop = this.isFlame ? this.box.scrollHeight : 0;
  }

  /** Top of a depth's row in the canvas. */
  rowTop(depth) {
    if (!this.isFlame) return depth * ROW - this.box.scrollTop;
    return Math.max(this.rows * ROW, this.height) - (depth + 1) * ROW - this.box.scrollTop;
  }

  depthAt(y) {
    const down = y + this.box.scrollTop;
    if (!this.isFlame) return Math.floor(down / ROW);
    return Math.floor((Math.max(this.rows * ROW, this.height) - down) / ROW);
  }

  /** Scrolls so that the node's row is in the box, with two callers to be seen. */
  revealDepth(node) {
    const depth = this.model.tree.depth[node];
    const top = this.rowTop(depth);
    const margin = Math.min(2 * ROW, this.height / 4);
    if (top < margin) this.box.scrollTop += top - margin;
    else if (top + ROW + margin > this.height) this.box.scrollTop += top + ROW + margin - this.height;
    this.schedule();
  }

  // --- finding ------------------------------------------------------------------------------

  /** In the level order, the first index in [from, to) whose node ends after `position`. */
  firstEndingAfter(position, from, to) {
    const ends = this.ends;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (ends[middle] > position) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  /** The node under a point of the canvas, or -1. */
  nodeAt(x, y) {
    const depth = this.depthAt(y);
    if (!(this.whole > 0)) return -1;
    if (depth < 0 || depth >= this.levels.count || x < 0 || x >= this.width) return -1;
    const position = this.window.left + (x / this.width) * (this.window.right - this.window.left);
    const index = this.firstEndingAfter(position, this.levels.first[depth], this.levels.first[depth + 1]);
    if (index >= this.levels.first[depth + 1]) return -1;
    const node = this.levels.nodes[index];
    return this.model.start[node] <= position ? node : -1;
  }

  /** Where a node is drawn: {x, y, width} in the canvas, clipped to it. */
  placeOf(node) {
    const { start, weights, tree } = this.model;
    const scale = this.width / (this.window.right - this.window.left);
    const x = Math.max(0, (start[node] - this.window.left) * scale);
    const end = Math.min(this.width, (start[node] + weights.total[node] - this.window.left) * scale);
    return { x, y: this.rowTop(tree.depth[node]), width: end - x };
  }

  select(node) {
    this.selected = node;
    if (node >= 0) this.revealDepth(node);
    this.schedule();
    this.events.onSelect(node);
  }

  // --- drawing ------------------------------------------------------------------------------

  schedule() {
    if (this.isDue || this.model === null) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.stepAnimation();
      this.draw();
    });
  }

  draw() {
    if (this.width === 0) return;
    this.drawn++;
    const pen = this.pen;
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.fillStyle = this.palette.gap;
    pen.fillRect(0, 0, this.width, this.height);
    pen.font = FONT;
    pen.textBaseline = "middle";
    if (!(this.whole > 0)) {
      this.drawNothing();
      return;
    }
    this.texts = [];
    this.marks = [];
    const one = this.depthAt(0);
    const other = this.depthAt(this.height);
    const first = Math.max(0, Math.min(one, other));
    const last = Math.min(this.levels.count - 1, Math.max(one, other));
    if (first > last) return;
    this.clearStrip(last - first + 1);
    for (let depth = first; depth <= last; depth++) this.drawRow(depth, this.isFlame ? last - depth : depth - first);
    this.drawStrip(this.rowTop(this.isFlame ? last : first));
    this.drawMarks();
    this.drawTexts();
    this.drawOutline(this.hovered, 1);
    this.drawOutline(this.selected, 2);
  }

  drawNothing() {
    this.pen.fillStyle = this.palette.dimText;
    this.pen.fillText("No samples in the chosen threads.", PAD, ROW / 2);
  }

  /** Draws the frames of one depth; its slivers go to that line of their image. */
  drawRow(depth, line) {
    const { starts, ends } = this;
    const { left, right } = this.window;
    const scale = this.width / (right - left);
    const y = this.rowTop(depth);
    const { words, wide } = this.rowAt(depth, scale);
    this.stripWords.set(words, line * this.strip.width);
    for (const i of wide) this.drawFrame(this.levels.nodes[i], depth, (starts[i] - left) * scale, y, (ends[i] - starts[i]) * scale);
  }

  /** What a depth shows in the window: pixels of slivers, and which frames are wide. Kept while the
   * window stays, so that scrolling and hovering look at new rows only. */
  rowAt(depth, scale) {
    const { left, right } = this.window;
    const key = `${left} ${right} ${this.canvas.width}`;
    if (this.rowsKey !== key || this.rowsSeen.size >= MAX_ROWS) this.forgetRows();
    this.rowsKey = key;
    let row = this.rowsSeen.get(depth);
    if (row === undefined) {
      row = this.lookAtRow(depth, scale);
      this.rowsSeen.set(depth, row);
    }
    return row;
  }

  forgetRows() {
    this.rowsSeen = new Map();
  }

  lookAtRow(depth, scale) {
    const { starts, ends } = this;
    const { left, right } = this.window;
    const row = { words: new Uint32Array(this.canvas.width), wide: [] };
    const end = this.levels.first[depth + 1];
    let i = this.firstEndingAfter(left, this.levels.first[depth], end);
    while (i < end && starts[i] < right) {
      if ((ends[i] - starts[i]) * scale >= MIN_PX) {
        row.wide.push(i++);
      } else {
        i = this.addSliver(i, end, Math.max(0, (starts[i] - left) * scale), row.words, scale);
      }
    }
    return row;
  }

  /** Adds narrow neighbours to a row's pixels, one or more; returns the index after them. */
  addSliver(i, end, x, pixels, scale) {
    const next = this.gallop(this.window.left + (x + 1 / this.ratio) / scale, i + 1, end);
    const stop = (this.ends[next - 1] - this.window.left) * scale;
    if (stop <= x) return next; // they weigh nothing
    const isMatch = this.matchesBefore !== null && this.matchesBefore[next] > this.matchesBefore[i];
    const { matchWord, sliverWords, dimWords } = this.palette;
    const words = this.search === null ? sliverWords : dimWords;
    const word = isMatch ? matchWord : words[this.paints[i]];
    const from = Math.floor(x * this.ratio);
    const to = Math.min(pixels.length, Math.max(from + 1, Math.round(stop * this.ratio)));
    for (let at = from; at < to; at++) pixels[at] = word;
    return next;
  }

  /** As firstEndingAfter(), for an answer that is likely near `from`. */
  gallop(position, from, end) {
    let low = from;
    for (let step = 1; low < end; step *= 2) {
      const probe = Math.min(end - 1, low + step - 1);
      if (this.ends[probe] > position) return this.firstEndingAfter(position, low, probe);
      low = probe + 1;
    }
    return end;
  }

  /** An empty image for the slivers of `rows` rows. */
  clearStrip(rows) {
    const width = this.canvas.width;
    if (this.strip === undefined || this.strip.width !== width || this.strip.height !== rows) {
      this.strip = new ImageData(width, rows);
      this.stripWords = new Uint32Array(this.strip.data.buffer);
      this.stripCanvas.width = width;
      this.stripCanvas.height = rows;
    } else {
      this.stripWords.fill(0);
    }
  }

  /** Lays the slivers over the rows, `top` being the first one's, and clears the lines between rows. */
  drawStrip(top) {
    const rows = this.strip.height;
    this.stripCanvas.getContext("2d").putImageData(this.strip, 0, 0);
    this.pen.imageSmoothingEnabled = false;
    this.pen.drawImage(this.stripCanvas, 0, top, this.strip.width / this.ratio, rows * ROW);
    this.pen.fillStyle = this.palette.gap;
    for (let row = 1; row <= rows; row++) this.pen.fillRect(0, top + row * ROW - 1, this.width, 1);
  }

  fillOf(paintIndex, isMatch) {
    if (isMatch) return this.palette.match;
    return this.search === null ? this.palette.bright[paintIndex] : this.palette.dim[paintIndex];
  }

  drawFrame(node, depth, x, y, width) {
    const { tree, frames, paint, nodePaint } = this.model;
    const f = tree.frame[node];
    const isMatch = this.search !== null && this.search[f] !== 0;
    const from = Math.max(0, x);
    const to = Math.min(this.width, x + width);
    const gap = width > 3 ? 1 : width > 1.5 ? 0.4 : 0;
    const isCaller = depth < this.model.tree.depth[this.zoomNode];
    this.pen.globalAlpha = isCaller ? 0.55 : 1;
    this.pen.fillStyle = this.fillOf(nodePaint ? nodePaint[node] : paint[f], isMatch);
    this.pen.fillRect(from, y, to - from - gap, ROW - 1);
    this.pen.globalAlpha = 1;
    const kind = frames.kind[f];
    if (kind === KIND.error || kind === KIND.truncated) this.marks.push(from, y, to - from - gap);
    if (to - from >= TEXT_PX) this.texts.push({ f, x: from + PAD, y: y + ROW / 2, room: to - from - gap - 2 * PAD, isMatch });
  }

  drawMarks() {
    this.pen.fillStyle = this.hatch;
    for (let i = 0; i < this.marks.length; i += 3) {
      this.pen.fillRect(this.marks[i], this.marks[i + 1], this.marks[i + 2], ROW - 1);
    }
  }

  drawTexts() {
    const { text, matchText, dimText } = this.palette;
    const plain = this.search === null ? text : dimText;
    for (const isMatch of [false, true]) {
      this.pen.fillStyle = isMatch ? matchText : plain;
      for (const item of this.texts) {
        if (item.isMatch === isMatch) this.drawLabel(item);
      }
    }
  }

  /** Writes as much of a frame's name as there is room for. */
  drawLabel({ f, x, y, room }) {
    const text = this.labelOf(f);
    const least = room - this.widthOf("\u2026");
    let width = 0;
    let fits = 0; // characters that leave room for the ellipsis
    for (let i = 0; i < text.length && width <= room; i++) {
      width += this.widthOf(text[i]);
      if (width <= least) fits = i + 1;
    }
    if (width <= room) this.pen.fillText(text, x, y);
    else if (fits >= 2) this.pen.fillText(`${cutText(text, fits)}\u2026`, x, y);
  }

  /** Width of one UTF-16 unit; summing them is exact enough and far cheaper than measuring texts. */
  widthOf(unit) {
    let width = this.unitWidths.get(unit);
    if (width === undefined) {
      width = this.pen.measureText(unit).width;
      this.unitWidths.set(unit, width);
    }
    return width;
  }

  labelOf(f) {
    let label = this.labels.get(f);
    if (label === undefined) {
      label = cutText(shortName(this.model.frames, f), MAX_LABEL);
      this.labels.set(f, label);
    }
    return label;
  }

  drawOutline(node, lineWidth) {
    if (node < 0) return;
    const { x, y, width } = this.placeOf(node);
    if (width <= 0) return;
    this.pen.strokeStyle = this.palette.accent;
    this.pen.lineWidth = lineWidth;
    const inset = lineWidth / 2;
    this.pen.strokeRect(x + inset, y + inset - 0.5, Math.max(1, width - lineWidth - 0.5), ROW - lineWidth);
  }
}

/** The first `length` UTF-16 units of a text, never half a character. */
function cutText(text, length) {
  if (text.length <= length) return text;
  const code = text.charCodeAt(length - 1);
  return text.slice(0, code >= 0xd800 && code < 0xdc00 ? length - 1 : length);
}

/** A frame's label: the class without its package, and the method. */
function shortName(frames, f) {
  const cls = frames.className[f];
  const kind = frames.kind[f];
  if (cls === "" || kind === KIND.native || kind === KIND.jvm) return frames.method[f];
  return joinName(cls.slice(cls.lastIndexOf(".") + 1), frames.method[f], ".");
}
