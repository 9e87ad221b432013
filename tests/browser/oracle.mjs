// Independent answers: computed from the raw stacks by definition, sharing nothing with the page.

import { KINDS } from "./encode.mjs";

/** The name search sees: class and method, joined as the kind of frame writes it. */
export function searchName(frame) {
  if (frame.cls === "") return frame.method;
  return frame.cls + (["native", "jvm"].includes(KINDS[frame.kind]) ? "`" : ".") + frame.method;
}

export const sumOf = (stacks) => stacks.reduce((sum, stack) => sum + stack.value, 0);

/** Value of the stacks that hold a matching frame anywhere: each counts once. */
export function searchTotal(profile, stacks, test) {
  const isMatch = profile.frames.map((frame) => test(searchName(frame)));
  return sumOf(stacks.filter(({ frames }) => frames.some((id) => isMatch[id])));
}

/** Self, total, and the values of direct callers and callees of a frame's outermost occurrence. */
export function sandwichOf(stacks, id) {
  const sums = { self: 0, total: 0, callers: new Map(), callees: new Map() };
  const add = (map, key, value) => map.set(key, (map.get(key) ?? 0) + value);
  for (const { frames, value } of stacks) {
    const at = frames.indexOf(id);
    if (frames[frames.length - 1] === id) sums.self += value;
    if (at < 0) continue;
    sums.total += value;
    if (at > 0) add(sums.callers, frames[at - 1], value);
    if (at + 1 < frames.length) add(sums.callees, frames[at + 1], value);
  }
  return sums;
}

/** The heaviest frame below a path of frames: {id, value}, or null. */
export function heaviestBelow(stacks, path) {
  const sums = new Map();
  for (const { frames, value } of stacks) {
    if (frames.length > path.length && path.every((id, i) => frames[i] === id)) {
      const next = frames[path.length];
      sums.set(next, (sums.get(next) ?? 0) + value);
    }
  }
  const [best] = [...sums].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return best === undefined ? null : { id: best[0], value: best[1] };
}

/** The path of always the heaviest frame, root first. */
export function heaviestPath(stacks) {
  const path = [];
  for (let next = heaviestBelow(stacks, path); next !== null; next = heaviestBelow(stacks, path)) path.push(next.id);
  return path;
}
