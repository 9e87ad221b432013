// Colours of frames. The hue says the kind of frame, a shade within it the package, so that
// neighbours from one library look alike; or, on request, the hue itself says the package.
// Lightness and chroma are chosen in OKLCH: every fill carries its text at 4.5:1 or better.

// Kind: [hue, chroma, lightness offset]. Errors and truncation marks are hatched as well, so that
// they stand out without colour vision and in print.
const KIND_TONE = {
  java: [150, 0.085, 0],
  groovy: [245, 0.095, 0],
  native: [75, 0.075, 0],
  kernel: [40, 0.105, 0],
  jvm: [310, 0.065, 0],
  dispatch: [100, 0.012, 0.035],
  truncated: [90, 0.02, 0.02],
  error: [22, 0.17, -0.02],
  root: [260, 0.008, 0.03],
};
const KIND_LABEL = {
  java: "Java", groovy: "Groovy", native: "Native", kernel: "Kernel", jvm: "JVM",
  dispatch: "Dispatch", truncated: "Truncated", error: "Not walked", root: "",
};
const SHADES = 7; // of one kind, or
const HUES = 24; // of packages

const THEME = {
  light: { lightness: 0.83, spread: 0.09, text: "#14181d", gap: "#ffffff", dimTo: 0.955, match: "#ffd21f", matchText: "#221a00", dimText: "#8a929c", accent: "#1f5fd0" },
  dark: { lightness: 0.4, spread: 0.08, text: "#f0f3f7", gap: "#14171c", dimTo: 0.235, match: "#f2c400", matchText: "#1b1500", dimText: "#79828e", accent: "#8fb6ff" },
};

// Of comparisons: one colour for what did not change, then less and more CPU (blue, red), each in
// three strengths, pale where it may be chance and bright where it is real.
const CHANGE_FIRST = KINDS.length * SHADES + HUES;
const CHANGE_HUES = [250, 25];
const CHANGE_STRENGTHS = 3;

/** The palette index of a change: whether it is more, how strong (0 to 2), whether it is real. */
function changeIndex(isMore, strength, isReal) {
  return CHANGE_FIRST + 1 + ((isMore ? 1 : 0) * CHANGE_STRENGTHS + strength) * 2 + (isReal ? 1 : 0);
}

function pushChanges(theme, push) {
  push(theme.lightness + (theme.lightness > 0.6 ? 0.09 : -0.08), 0.006, 260);
  for (const hue of CHANGE_HUES) {
    for (let strength = 0; strength < CHANGE_STRENGTHS; strength++) {
      push(theme.lightness + (theme.lightness > 0.6 ? 0.07 : -0.06), 0.02 + 0.012 * strength, hue);
      push(theme.lightness - (theme.lightness > 0.6 ? 0.05 + 0.03 * strength : -0.04), 0.11 + 0.03 * strength, hue);
    }
  }
}

/** OKLCH (lightness 0..1, chroma, hue in degrees) as #rrggbb, clipped to sRGB. */
function oklch(lightness, chroma, hue) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return `#${linear.map(hexOf).join("")}`;
}

function hexOf(linear) {
  const clipped = Math.min(1, Math.max(0, linear));
  const srgb = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
  return Math.round(255 * srgb).toString(16).padStart(2, "0");
}

/** FNV-1a of a text, 32 bits. */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The package of a frame (three segments tell libraries apart), or the library of a native one. */
function packageOf(frames, f) {
  const cls = frames.className[f];
  const kind = frames.kind[f];
  if (kind === KIND.native || kind === KIND.jvm) return cls;
  return cls.split(".").slice(0, -1).slice(0, 3).join(".");
}

/** Gives every frame its index in a palette of `by` "kind" or "package". */
function paintFrames(frames, by) {
  const paint = new Uint16Array(frames.count);
  for (let f = 0; f < frames.count; f++) {
    const hash = hashOf(packageOf(frames, f));
    const isPlain = by === "kind" || frames.kind[f] >= KIND.truncated;
    paint[f] = isPlain ? frames.kind[f] * SHADES + (hash % SHADES) : KINDS.length * SHADES + (hash % HUES);
  }
  return paint;
}

/** Fills of all palette indexes: as they are, and stepped back while a search highlights others. */
function paletteOf(themeName) {
  const theme = THEME[themeName];
  const bright = [];
  const dim = [];
  const push = (lightness, chroma, hue) => {
    bright.push(oklch(lightness, chroma, hue));
    dim.push(oklch(theme.dimTo, chroma * 0.12, hue));
  };
  for (const kind of KINDS) {
    const [hue, chroma, offset] = KIND_TONE[kind];
    const lift = themeName === "light" ? offset : offset * -1.6;
    for (let i = 0; i < SHADES; i++) {
      const shade = kind === "root" || kind === "error" ? 0 : i / (SHADES - 1) - 0.5;
      push(theme.lightness + lift + theme.spread * shade, chroma, hue + 22 * shade);
    }
  }
  for (let i = 0; i < HUES; i++) push(theme.lightness + theme.spread * ((i % 3) / 3 - 0.4), 0.09, (360 * i) / HUES);
  pushChanges(theme, push);
  const slivers = bright.map((fill) => wordOf(fill, theme.gap));
  return { ...theme, bright, dim, sliverWords: slivers, dimWords: dim.map((fill) => wordOf(fill, fill)), matchWord: wordOf(theme.match, theme.match) };
}

/** A colour, a quarter of it replaced by another, as a word of an ImageData (little-endian RGBA). */
function wordOf(colour, other) {
  let word = 0xff;
  for (const at of [5, 3, 1]) {
    const [a, b] = [colour, other].map((text) => Number.parseInt(text.slice(at, at + 2), 16));
    word = word * 256 + Math.round(0.75 * a + 0.25 * b);
  }
  return word;
}

/** A diagonal hatch that is laid over frames that are marks rather than code. */
function hatch(context, themeName) {
  const tile = document.createElement("canvas");
  tile.width = 8;
  tile.height = 8;
  const pen = tile.getContext("2d");
  pen.strokeStyle = themeName === "light" ? "rgba(60, 0, 0, 0.28)" : "rgba(255, 230, 220, 0.3)";
  pen.lineWidth = 2;
  pen.beginPath();
  for (const x of [-8, 0, 8]) {
    pen.moveTo(x - 1, 9);
    pen.lineTo(x + 9, -1);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}
