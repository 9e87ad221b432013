// Mouse and keys of one flame graph.
//
// Click zooms, drag pans, the wheel scrolls; with Ctrl (or Cmd) the wheel zooms around the pointer,
// sideways or with Shift it pans. Arrow keys move the selection as seen on screen.

const DRAG_PX = 4; // less is a click

function addFlameInput(view) {
  const canvas = view.canvas;
  let drag = null;

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    drag = { x: event.clientX, y: event.clientY, window: view.window, scroll: view.box.scrollTop, isMoving: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (drag !== null) dragTo(view, drag, event);
    if (drag === null || !drag.isMoving) hoverAt(view, event);
  });
  canvas.addEventListener("pointerup", (event) => {
    const wasClick = drag !== null && !drag.isMoving;
    drag = null;
    canvas.classList.remove("dragging");
    if (wasClick) clickAt(view, event);
  });
  canvas.addEventListener("pointercancel", () => (drag = null));
  canvas.addEventListener("pointerleave", () => hover(view, -1));
  canvas.addEventListener("dblclick", (event) => {
    const node = nodeUnder(view, event);
    if (node > ROOT) view.events.onOpen(node);
  });
  canvas.addEventListener("wheel", (event) => wheel(view, event), { passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (flameKey(view, event.key)) event.preventDefault();
  });
}

function nodeUnder(view, event) {
  const box = view.canvas.getBoundingClientRect();
  return view.nodeAt(event.clientX - box.left, event.clientY - box.top);
}

function hover(view, node, event) {
  if (node !== view.hovered) {
    view.hovered = node;
    view.schedule();
  }
  view.events.onHover(node, event?.clientX ?? 0, event?.clientY ?? 0);
}

function hoverAt(view, event) {
  hover(view, nodeUnder(view, event), event);
}

function clickAt(view, event) {
  const node = nodeUnder(view, event);
  if (node < 0) return;
  view.select(node);
  view.zoomTo(node);
}

function dragTo(view, drag, event) {
  const dx = event.clientX - drag.x;
  const dy = event.clientY - drag.y;
  if (!drag.isMoving && Math.hypot(dx, dy) < DRAG_PX) return;
  drag.isMoving = true;
  view.canvas.classList.add("dragging");
  hover(view, -1);
  const shift = (dx / view.width) * (drag.window.right - drag.window.left);
  view.moveWindow(drag.window.left - shift, drag.window.right - shift);
  view.box.scrollTop = drag.scroll - dy;
}

function wheel(view, event) {
  const { left, right } = view.window;
  const width = right - left;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    const at = (event.clientX - view.canvas.getBoundingClientRect().left) / view.width;
    const factor = Math.exp(Math.max(-1, Math.min(1, event.deltaY * 0.0025)));
    const pivot = left + at * width;
    view.moveWindow(pivot - at * width * factor, pivot + (1 - at) * width * factor);
    return;
  }
  const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
  if (sideways === 0) return;
  event.preventDefault();
  const shift = (sideways / view.width) * width;
  view.moveWindow(left + shift, right + shift);
}

/** Handles a key of the graph itself; returns whether it was one. */
function flameKey(view, key) {
  const deeper = view.isFlame ? "ArrowUp" : "ArrowDown";
  const selected = view.selected;
  if (key.startsWith("Arrow") && selected < 0) {
    view.select(view.zoomNode);
  } else if (key === "ArrowLeft" || key === "ArrowRight") {
    selectAlong(view, key === "ArrowRight" ? 1 : -1);
  } else if (key === "ArrowUp" || key === "ArrowDown") {
    const to = key === deeper ? heaviestChild(view, selected) : view.model.tree.parent[selected];
    if (to >= 0) view.select(to);
  } else if (key === "Home") {
    view.select(ROOT);
  } else if (key === "Enter" && selected >= 0) {
    view.zoomTo(selected);
  } else if (key === "Backspace") {
    view.zoomBack();
  } else {
    return false;
  }
  return true;
}

function heaviestChild(view, node) {
  const { tree, weights } = view.model;
  let best = -1;
  for (let child = node + 1; child < tree.end[node]; child = tree.end[child]) {
    if (weights.total[child] > 0 && (best < 0 || weights.total[child] > weights.total[best])) best = child;
  }
  return best;
}

/** Selects the next frame of the row in a direction that is wide enough to be seen. */
function selectAlong(view, step) {
  const { tree, weights } = view.model;
  const { nodes, first } = view.levels;
  const depth = tree.depth[view.selected];
  const least = (view.window.right - view.window.left) / view.width;
  let i = first[depth];
  while (nodes[i] !== view.selected) i++;
  for (i += step; i >= first[depth] && i < first[depth + 1]; i += step) {
    const isInWindow = view.placeOf(nodes[i]).width > 0;
    if (isInWindow && weights.total[nodes[i]] >= least) {
      view.select(nodes[i]);
      return;
    }
  }
}
