// The page's behaviour: joins the data, the graphs, the toolbar, keys and the address' hash.
//
// Names come from the profiled program and may be anything. They reach the document as textContent
// and the canvas as text, never as markup.

const $ = (id) => document.getElementById(id);

class Report {
  constructor(data) {
    this.data = data;
    this.metric = data.metrics[0];
    this.treeId = data.trees[0].id;
    this.isGroupOn = data.groups.map(() => true);
    this.firstColours = "kind";
    this.colours = this.firstColours;
    this.theme = "light";
    this.cells = new Map();
    this.opened = -1; // method of the sandwich, or none
    this.query = { text: "", isRegex: false };
    this.regex = new RegexSearch(data.frames);
    this.graph = this.makeView("graph", "Flame graph of the whole profile");
    this.callers = this.makeView("callers", "Callers of the method");
    this.callees = this.makeView("callees", "What the method calls");
    this.callers.isFlame = true;
    this.active = this.graph;
  }

  makeView(id, label) {
    const view = new FlameView($(id), label, {
      onHover: (node, x, y) => showTip(this, view, node, x, y),
      onSelect: (node) => this.showDetails(view, node),
      onZoom: () => this.onZoom(view),
      onOpen: (node) => this.openSandwich(this.data.frames.methodOf[view.model.tree.frame[node]]),
    });
    return view;
  }

  get views() {
    return [this.graph, this.callers, this.callees];
  }

  /** The tree and its weights for the chosen metric and threads. */
  weighed() {
    const tree = this.data.tree(this.treeId);
    const key = `${this.treeId} ${this.metric.id}`;
    if (!this.cells.has(key)) this.cells.set(key, decodeCells(tree, this.metric, this.data.groups.length));
    return { tree, weights: weigh(tree, this.cells.get(key), this.isGroupOn) };
  }

  /** Shows what the choices ask for; called after any of them changed. */
  refresh() {
    this.shown = this.weighed();
    this.paint ??= paintFrames(this.data.frames, this.colours);
    this.setModel(this.graph, this.shown);
    if (this.opened >= 0) this.fillSandwich();
    this.countFound();
    showLegend(this);
    const { tree, weights } = this.shown;
    const small = tree.leftOut > 0 ? `; the ${tree.leftOut.toLocaleString("en-US")} smallest frames are part of their callers` : "";
    const stacks = weights.self.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
    $("flame-note").textContent =
      `${this.metric.label}, ${formatValue(this.metric.unit, weights.total[ROOT])} in ${stacks.toLocaleString("en-US")} distinct stacks${small}`;
  }

  setModel(view, { tree, weights }) {
    view.setModel({ tree, weights, frames: this.data.frames, paint: this.paint, nodePaint: this.paintNodes(tree) });
  }

  /** Colours of nodes where those of frames do not do: palette indexes, or null. */
  paintNodes() {
    return null;
  }

  /** How colours are chosen after the present way. */
  nextColours() {
    return this.colours === "kind" ? "package" : "kind";
  }

  legendItems() {
    return kindItems(this);
  }

  setTheme(theme) {
    this.theme = theme;
    for (const view of this.views) view.setTheme(theme);
    if (this.shown) showLegend(this);
  }

  setFlame(isFlame) {
    $("shape").setAttribute("aria-pressed", String(isFlame));
    this.graph.setFlame(isFlame);
    this.saveHash();
  }

  setTree(id) {
    this.treeId = id;
    $("fold").setAttribute("aria-pressed", String(id !== this.data.trees[0].id));
    this.refresh();
    this.saveHash();
  }

  setColours(by) {
    this.colours = by;
    this.paint = null;
    $("colours").setAttribute("aria-pressed", String(by !== this.firstColours));
    this.refresh();
  }

  onZoom(view) {
    if (view !== this.graph) return;
    $("reset").disabled = view.zoomNode === ROOT;
    this.saveHash();
  }

  // --- search -------------------------------------------------------------------------------

  search(text, isRegex) {
    this.query = { text, isRegex };
    this.regex.stop();
    this.complaint = "";
    const isAsked = text !== "" && isRegex && this.isExpression(text);
    const isPlain = text !== "" && !isRegex;
    this.isSearching = isAsked;
    this.showMatches(isPlain ? matchFrames(this.data.frames, matcher(text, false)) : null);
    if (isAsked) {
      this.regex.start(text, (isMatch) => {
        this.isSearching = false;
        this.complaint = isMatch ? "" : "search stopped: the expression is too slow";
        this.showMatches(isMatch);
      });
    }
    this.saveHash();
  }

  isExpression(text) {
    try {
      matcher(text, true);
      return true;
    } catch (error) {
      this.complaint = `not a regular expression: ${error.message.replace(/^.*: /, "")}`;
      return false;
    }
  }

  showMatches(isMatch) {
    this.isMatch = isMatch;
    for (const view of this.views) view.setSearch(isMatch);
    this.countFound();
  }

  countFound() {
    const found = $("found");
    found.classList.toggle("bad", this.complaint !== "" && this.complaint !== undefined);
    if (!this.isMatch) {
      found.textContent = this.isSearching ? "searching\u2026" : this.complaint ?? "";
      return;
    }
    const { tree, weights } = this.shown;
    const sum = matchedTotal(tree, weights.total, this.isMatch);
    const share = formatShare(sum, weights.total[ROOT]);
    found.textContent = sum > 0 ? `${share} \u00b7 ${formatValue(this.metric.unit, sum)} matched` : "nothing matches";
    found.dataset.value = String(sum);
  }

  /** Selects the next matching frame after the selected one, in order of the tree. */
  nextMatch(step) {
    if (!this.isMatch) return;
    const view = this.active;
    const { tree, weights } = view.model;
    const from = Math.max(0, view.selected);
    for (let i = 1; i <= tree.count; i++) {
      const node = (from + step * i + tree.count * 2) % tree.count;
      if (this.isMatch[tree.frame[node]] && weights.total[node] > 0) {
        view.select(node);
        view.zoomTo(node);
        return;
      }
    }
  }

  // --- sandwich -----------------------------------------------------------------------------

  openSandwich(method) {
    if (method === this.data.frames.methodOf[this.data.frames.root]) return;
    this.opened = method;
    $("graph").hidden = true;
    $("sandwich").hidden = false;
    hideTip();
    this.fillSandwich();
    this.active = this.callees;
    this.callees.canvas.focus({ preventScroll: true });
    this.saveHash();
  }

  fillSandwich() {
    const { tree, weights } = this.shown;
    const frames = this.data.frames;
    const parts = sandwich(tree, weights, frames, this.opened);
    const whole = weights.total[ROOT];
    const unit = this.metric.unit;
    $("sandwich-name").textContent = cutText(fullName(frames, this.opened), 400);
    const sums = $("sandwich-sums");
    sums.textContent = `self ${formatValue(unit, parts.self)} (${formatShare(parts.self, whole)}), total ` +
      `${formatValue(unit, parts.total)} (${formatShare(parts.total, whole)}) over ${parts.occurrences.toLocaleString("en-US")} ${parts.occurrences === 1 ? "path" : "paths"} to it`;
    Object.assign(sums.dataset, { self: parts.self, total: parts.total });
    this.setModel(this.callers, parts.callers);
    this.setModel(this.callees, parts.callees);
  }

  closeSandwich() {
    this.opened = -1;
    $("sandwich").hidden = true;
    $("graph").hidden = false;
    this.active = this.graph;
    this.graph.resize();
    this.graph.canvas.focus({ preventScroll: true });
    this.saveHash();
  }

  // --- words --------------------------------------------------------------------------------

  /** Name, place and values of a node, as the tooltip and the details line show them. */
  describe(view, node) {
    const { tree, weights, frames } = view.model;
    const f = tree.frame[node];
    const whole = this.shown.weights.total[ROOT];
    const unit = this.metric.unit;
    const values = [["self", weights.self[node]], ["total", weights.total[node]]];
    const kind = KIND_LABEL[KINDS[frames.kind[f]]];
    const place = frames.file[f] === "" ? "" : frames.line[f] > 0 ? `${frames.file[f]}:${frames.line[f]}` : frames.file[f];
    return {
      name: fullName(frames, f),
      where: [kind, place].filter((text) => text !== "").join(" \u00b7 "),
      values: values.map(([name, value]) => `${name} ${formatValue(unit, value)} (${formatShare(value, whole)})`).join(", "),
    };
  }

  showDetails(view, node) {
    this.active = view;
    if (node < 0) {
      $("details").textContent = "";
      return;
    }
    const words = this.describe(view, node);
    $("details").textContent = [cutText(words.name, 400), words.values, words.where].filter((text) => text !== "").join(" \u2014 ");
  }

  // --- address ------------------------------------------------------------------------------

  saveHash() {
    if (!this.isReady) return;
    const state = new URLSearchParams();
    if (this.query.text !== "") state.set("q", this.query.text.slice(0, 1000));
    if (this.query.isRegex) state.set("re", "1");
    if (this.treeId !== this.data.trees[0].id) state.set("tree", this.treeId);
    if (this.graph.isFlame) state.set("view", "flame");
    if (this.graph.zoomNode !== ROOT) state.set("zoom", this.graph.zoomNode);
    if (this.opened >= 0) state.set("method", this.opened);
    const text = state.toString();
    history.replaceState(null, "", text === "" ? location.pathname + location.search : `#${text}`);
  }

  /** Takes over what the address asks for; what it names must exist, else it is passed over. */
  loadHash() {
    const state = new URLSearchParams(location.hash.slice(1));
    if (this.data.trees.some((tree) => tree.id === state.get("tree"))) this.setTree(state.get("tree"));
    if (state.get("view") === "flame") this.setFlame(true);
    const node = Number(state.get("zoom"));
    if (Number.isInteger(node) && this.shown.weights.total[node] > 0) this.graph.zoomTo(node, true);
    if (state.has("q")) {
      $("search").value = state.get("q");
      $("regex").setAttribute("aria-pressed", String(state.get("re") === "1"));
      this.search(state.get("q"), state.get("re") === "1");
    }
    const method = Number(state.get("method"));
    if (state.has("method") && this.data.frames.methodOf[method] === method) this.openSandwich(method);
  }
}
