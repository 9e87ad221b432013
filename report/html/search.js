// Search by regular expression. An expression may take longer on one name than anybody waits, so it
// runs in a worker: only a worker can be ended.

const REGEX_BUDGET_MS = 3000;

/** The worker's script: matcher() of tree.js, asked once. */
const REGEX_WORKER = `${matcher}
onmessage = ({ data: { text, names } }) => {
  const test = matcher(text, true);
  postMessage(Uint8Array.from(names, (name) => (test(name) ? 1 : 0)));
};`;

/** Matches frames by expression, the last that was asked for only. */
class RegexSearch {
  constructor(frames) {
    this.frames = frames;
  }

  /** @param done  done(isMatch), one byte a frame, or done(null): the expression is too slow */
  start(text, done) {
    this.stop();
    this.names ??= Array.from({ length: this.frames.root }, (_, f) => fullName(this.frames, f));
    const url = URL.createObjectURL(new Blob([REGEX_WORKER], { type: "text/javascript" }));
    this.worker = new Worker(url);
    URL.revokeObjectURL(url);
    const finish = (isMatch) => {
      this.stop();
      done(isMatch);
    };
    this.timer = setTimeout(() => finish(null), REGEX_BUDGET_MS);
    this.worker.onmessage = ({ data }) => finish(this.withRoot(data));
    this.worker.postMessage({ text, names: this.names });
  }

  /** The root is never a match. */
  withRoot(isMatch) {
    const all = new Uint8Array(this.frames.count);
    all.set(isMatch);
    return all;
  }

  stop() {
    clearTimeout(this.timer);
    this.worker?.terminate();
    this.worker = null;
  }
}
