// The page of a comparison: the report's page with frames coloured by what changed.
//
// The data block is the report's (data.js) with one tree, two metrics, "after" and "before", one
// thread group, and marks of its nodes (in preorder) and of its frames:
//
//   "trees": [{ ..., "marks": { "state": COL, "change": COL } }],  of the path with all below it
//   "marks": { "state": COL, "change": COL },                      of the method with all it calls
//
// state  0: too few samples to tell, 1: no more than chance, 2: changed
// change 1000 ln(after / before) of the cost, zigzag: 2n for n >= 0, -2n - 1 below

const STATE_WORDS = ["too few samples to tell", "no more than chance", "changed"];
const CHANGED = 2;
const STEPS = [0.1, 0.4]; // of |ln ratio|, between the strengths of a colour

class DiffReport extends Report {
  constructor(data) {
    super(data);
    this.firstColours = "change";
    this.colours = this.firstColours;
    this.tree = data.tree(data.trees[0].id);
    this.nodeMarks = decodeMarks(this.tree.marks, this.tree.count, 1);
    this.frameMarks = decodeMarks(data.marks, data.frames.count, 0);
    this.sides = ["before", "after"].map((id) => this.totalsOf(id));
  }

  /** Totals by node of one side. */
  totalsOf(id) {
    const metric = this.data.metrics.find((one) => one.id === id);
    const cells = decodeCells(this.tree, metric, this.data.groups.length);
    return weigh(this.tree, cells, this.isGroupOn).total;
  }

  refresh() {
    if (this.colours === "change") this.paint ??= paintMarks(this.frameMarks);
    super.refresh();
  }

  paintNodes(tree) {
    return this.colours === "change" && tree === this.tree ? paintMarks(this.nodeMarks) : null;
  }

  nextColours() {
    const ways = ["change", "kind", "package"];
    return ways[(ways.indexOf(this.colours) + 1) % ways.length];
  }

  legendItems() {
    if (this.colours !== "change") return super.legendItems();
    const items = [["less, real", changeIndex(false, 1, true)], ["less, may be chance", changeIndex(false, 1, false)],
      ["too few samples", CHANGE_FIRST], ["more, may be chance", changeIndex(true, 1, false)], ["more, real", changeIndex(true, 1, true)]];
    const palette = paletteOf(this.theme);
    return items.map(([words, index]) => {
      const item = document.createElement("li");
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.backgroundColor = palette.bright[index];
      item.append(swatch, words);
      return item;
    });
  }

  describe(view, node) {
    const words = super.describe(view, node);
    const isWhole = view.model.tree === this.tree;
    const [marks, at] = isWhole ? [this.nodeMarks, node] : [this.frameMarks, view.model.tree.frame[node]];
    const shares = this.sides.map((totals) => formatShare(totals[node], totals[ROOT]));
    const sides = isWhole ? `before ${shares[0]}, after ${shares[1]}; ` : "method with all it calls: ";
    if (!isWhole || node !== ROOT) words.values += ` \u2014 ${sides}${changeWords(marks, at)}`;
    return words;
  }
}

/** Reads state and change; `first` is the index of the first number, what is before it has none. */
function decodeMarks(raw, count, first) {
  const marks = { state: new Uint8Array(count), change: new Float64Array(count) };
  if (raw === null) throw new DataError("it has no marks of what changed");
  const state = new Column(raw.state, "marks.state");
  const change = new Column(raw.change, "marks.change");
  for (let i = first; i < count && !(state.done && i === count - 1); i++) {
    const number = change.next();
    marks.state[i] = state.below(STATE_WORDS.length);
    marks.change[i] = (number % 2 === 0 ? number / 2 : -(number + 1) / 2) / 1000;
  }
  return marks;
}

/** The palette index of every mark. */
function paintMarks(marks) {
  return Uint16Array.from(marks.state, (state, i) => {
    const size = Math.abs(marks.change[i]);
    const strength = STEPS.filter((step) => size >= step).length;
    return state === 0 ? CHANGE_FIRST : changeIndex(marks.change[i] > 0, strength, state === CHANGED);
  });
}

function changeWords(marks, at) {
  if (marks.state[at] === 0) return STATE_WORDS[0];
  const ratio = Math.exp(marks.change[at]);
  const percent = (ratio - 1) * 100;
  const size = ratio >= 2 ? `\u00d7 ${ratio.toFixed(1)}` : `${percent < 0 ? "\u2212" : "+"}${Math.abs(percent).toFixed(1)} %`;
  return `cost ${size}, ${STATE_WORDS[marks.state[at]]}`;
}
