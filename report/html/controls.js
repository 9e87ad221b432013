// The toolbar, the tooltip, the legend, global keys, and the tables' extras; and the start of it all.

// --- tooltip --------------------------------------------------------------------------------

function showTip(report, view, node, x, y) {
  if (node < 0) {
    hideTip();
    return;
  }
  const words = report.describe(view, node);
  $("tip-name").textContent = cutText(words.name, 600);
  $("tip-where").textContent = words.where;
  $("tip-values").textContent = words.values;
  const tip = $("tip");
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const isLeft = x + 14 + box.width > innerWidth - 8;
  const isAbove = y + 18 + box.height > innerHeight - 8;
  tip.style.left = `${Math.max(8, isLeft ? x - 10 - box.width : x + 14)}px`;
  tip.style.top = `${Math.max(8, isAbove ? y - 12 - box.height : y + 18)}px`;
}

function hideTip() {
  $("tip").hidden = true;
}

// --- legend ---------------------------------------------------------------------------------

function showLegend(report) {
  $("legend").replaceChildren(...report.legendItems());
}

/** The kinds that have self time, with their shares. */
function kindItems(report) {
  const { tree, weights } = report.shown;
  const { kind } = report.data.frames;
  const sums = new Float64Array(KINDS.length);
  for (let node = 0; node < tree.count; node++) sums[kind[tree.frame[node]]] += weights.self[node];
  const palette = paletteOf(report.theme);
  return KINDS.flatMap((name, k) => (sums[k] > 0 && k !== KIND.root ? [legendItem(report, palette, name, sums[k])] : []));
}

function legendItem(report, palette, name, sum) {
  const item = document.createElement("li");
  const swatch = document.createElement("span");
  swatch.className = KIND[name] === KIND.error || KIND[name] === KIND.truncated ? "swatch hatched" : "swatch";
  swatch.style.backgroundColor = palette.bright[KIND[name] * SHADES + (SHADES >> 1)];
  item.append(swatch, `${KIND_LABEL[name]} ${formatShare(sum, report.shown.weights.total[ROOT])}`);
  return item;
}

// --- theme ----------------------------------------------------------------------------------

/** Light or dark: as the system has it, or as was chosen. A page without a graph has it, too. */
class Theme {
  constructor() {
    this.report = null; // once there is one, it is told
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", (event) => this.set(event.matches ? "dark" : "light"));
    $("theme").addEventListener("click", () => this.flip());
    document.addEventListener("keydown", (event) => {
      if (event.key === "d" && isCommand(event)) this.flip();
    });
    this.set(system.matches ? "dark" : "light");
  }

  set(name) {
    this.name = name;
    document.documentElement.dataset.theme = name;
    $("theme").setAttribute("aria-pressed", String(name === "dark"));
    $("theme").textContent = name === "dark" ? "Light" : "Dark";
    this.report?.setTheme(name);
  }

  flip() {
    this.set(this.name === "dark" ? "light" : "dark");
  }
}

// --- toolbar --------------------------------------------------------------------------------

function toggled(button) {
  const isOn = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(isOn));
  return isOn;
}

function addSearch(report) {
  const input = $("search");
  const run = () => report.search(input.value, $("regex").getAttribute("aria-pressed") === "true");
  input.addEventListener("input", run);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") report.nextMatch(event.shiftKey ? -1 : 1);
  });
  $("regex").addEventListener("click", () => {
    toggled($("regex"));
    run();
  });
}

function addButtons(report) {
  $("shape").addEventListener("click", () => report.setFlame(!report.graph.isFlame));
  $("colours").addEventListener("click", () => flipColours(report));
  $("reset").addEventListener("click", () => report.graph.resetZoom());
  $("sandwich-close").addEventListener("click", () => report.closeSandwich());
  $("help-open").addEventListener("click", () => $("help").showModal());
  $("fold").hidden = report.data.trees.length < 2;
  $("fold").addEventListener("click", () => flipTree(report));
}

function flipColours(report) {
  report.setColours(report.nextColours());
}

function flipTree(report) {
  const other = report.data.trees.find((tree) => tree.id !== report.treeId);
  if (other) report.setTree(other.id);
}

function addMetrics(report) {
  const select = $("metric");
  select.hidden = report.data.metrics.length < 2;
  for (const metric of report.data.metrics) select.append(new Option(metric.label, metric.id));
  select.addEventListener("change", () => {
    report.metric = report.data.metrics.find((metric) => metric.id === select.value);
    report.refresh();
  });
}

/** The menu of thread groups, each with its share of the first metric. */
function addGroups(report) {
  const sums = report.data.groups.map(() => 0);
  const cells = report.cells.get(`${report.treeId} ${report.metric.id}`);
  for (let i = 0; i < cells.node.length; i++) sums[cells.group[i]] += cells.value[i];
  const whole = report.shown.weights.total[ROOT];
  const order = sums.map((_, group) => group).sort((a, b) => sums[b] - sums[a]);
  const boxes = order.map((group) => groupItem(report, group, formatShare(sums[group], whole)));
  $("groups-list").replaceChildren(...boxes);
  $("groups").hidden = report.data.groups.length < 2;
  $("groups-all").addEventListener("click", () => chooseGroups(report, () => true));
  document.addEventListener("pointerdown", (event) => {
    if (!$("groups").contains(event.target)) $("groups").open = false;
  });
}

function groupItem(report, group, share) {
  const item = document.createElement("li");
  const label = document.createElement("label");
  const box = document.createElement("input");
  const name = document.createElement("span");
  const only = document.createElement("button");
  box.type = "checkbox";
  box.checked = true;
  box.dataset.group = group;
  box.addEventListener("change", () => chooseGroups(report, (g) => (g === group ? box.checked : report.isGroupOn[g])));
  name.textContent = cutText(report.data.groups[group], 80);
  only.type = "button";
  only.textContent = "only";
  only.addEventListener("click", () => chooseGroups(report, (g) => g === group));
  const part = document.createElement("small");
  part.textContent = share;
  label.append(box, name);
  item.append(label, part, only);
  return item;
}

function chooseGroups(report, isOn) {
  report.isGroupOn = report.isGroupOn.map((_, group) => isOn(group));
  for (const box of $("groups-list").querySelectorAll("input")) box.checked = report.isGroupOn[box.dataset.group];
  const count = report.isGroupOn.filter(Boolean).length;
  $("groups-state").textContent = count === report.isGroupOn.length ? "all" : `${count} of ${report.isGroupOn.length}`;
  report.refresh();
}

// --- keys -----------------------------------------------------------------------------------

const KEYS = {
  "/": () => $("search").select(),
  f: (report) => report.setFlame(!report.graph.isFlame),
  s: (report) => sandwichSelected(report),
  c: (report) => flipColours(report),
  u: (report) => flipTree(report),
  "?": () => $("help").showModal(),
  Escape: (report) => escape(report),
};

function sandwichSelected(report) {
  const view = report.active;
  const node = view.selected >= 0 ? view.selected : view.hovered;
  if (node >= 0) report.openSandwich(report.data.frames.methodOf[view.model.tree.frame[node]]);
}

/** Takes one thing back: the search, the sandwich, then the zoom. */
function escape(report) {
  hideTip();
  if ($("groups").open) {
    $("groups").open = false;
  } else if (report.query.text !== "") {
    $("search").value = "";
    report.search("", report.query.isRegex);
  } else if (report.opened >= 0) {
    report.closeSandwich();
  } else {
    report.graph.select(-1);
    report.graph.resetZoom();
  }
}

const isTyping = (event) => event.target.matches("input[type=search], select");

/** Is a key meant for the page, and neither text nor the browser's? */
function isCommand(event) {
  return !event.ctrlKey && !event.metaKey && !event.altKey && !$("help").open && (!isTyping(event) || event.key === "Escape");
}

function addKeys(report) {
  document.addEventListener("keydown", (event) => {
    if (!isCommand(event)) return;
    if (!Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    if (isTyping(event)) report.graph.canvas.focus({ preventScroll: true });
    KEYS[event.key](report);
  });
}

// --- tables ---------------------------------------------------------------------------------

/** Makes the columns of server-written tables sortable; data-v of a cell is its exact value. */
function addSorting(table) {
  let column = 0;
  for (const head of table.tHead.rows[0].cells) {
    const at = column + head.colSpan - 1;
    column += head.colSpan;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sortBy(table, head, at));
    head.replaceChildren(button);
  }
}

function sortBy(table, head, column) {
  const isNumber = head.classList.contains("num");
  const wasDown = head.getAttribute("aria-sort") === "descending";
  const sign = wasDown === isNumber ? 1 : -1; // numbers start with the largest, names with A
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
  const valueOf = (row) => {
    const cell = row.cells[column];
    return isNumber ? Number(cell?.dataset.v ?? 0) : cell?.textContent ?? "";
  };
  const compare = isNumber ? (a, b) => a - b : (a, b) => a.localeCompare(b);
  const rows = [...table.tBodies[0].rows].sort((a, b) => sign * compare(valueOf(a), valueOf(b)));
  table.tBodies[0].append(...rows);
}

/** A method name that carries its frame opens the sandwich of that method. */
function addMethodLinks(report) {
  for (const place of document.querySelectorAll("main [data-f]")) {
    const method = report.data.frames.methodOf[Number(place.dataset.f)];
    if (method === undefined) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "method";
    button.title = "Callers and callees";
    button.append(...place.childNodes);
    button.addEventListener("click", () => {
      report.openSandwich(method);
      $("flame").scrollIntoView({ block: "start" });
    });
    place.append(button);
  }
}

// --- start ----------------------------------------------------------------------------------

/** Takes the graph and its controls away; the tables and the theme stay. */
function hideGraph(error) {
  for (const part of document.querySelectorAll("#flame .js-only")) part.hidden = true;
  $("flame-error").textContent = error instanceof NoStacks
    ? "There is no flame graph: no stack was sampled in this session."
    : `The flame graph cannot be drawn: ${error.message}. The tables are complete.`;
  $("flame-error").hidden = false;
}

function startGraph(theme) {
  const kind = typeof DiffReport === "undefined" ? Report : DiffReport;
  const report = new kind(decodeReport($("umig-data").textContent));
  report.setTheme(theme.name);
  theme.report = report;
  report.refresh();
  addSearch(report);
  addButtons(report);
  addMetrics(report);
  addGroups(report);
  addKeys(report);
  addMethodLinks(report);
  report.loadHash();
  report.isReady = true;
}

function start() {
  document.documentElement.classList.add("js");
  document.querySelectorAll("table.sortable").forEach((table) => addSorting(table));
  const theme = new Theme();
  try {
    startGraph(theme);
  } catch (error) {
    theme.report = null;
    hideGraph(error);
    if (!(error instanceof DataError)) throw error;
  }
}

start();
