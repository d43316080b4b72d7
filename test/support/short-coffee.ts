// Loaded before the program that a test starts: what it does after ten minutes without a key, it does after one second.
const MINUTES_MS = 10 * 60_000;
const SHORT_MS = 1_000;

const realSetTimeout = globalThis.setTimeout;
globalThis.setTimeout = ((task: () => void, ms?: number, ...words: unknown[]) =>
  realSetTimeout(task, ms === MINUTES_MS ? SHORT_MS : ms, ...words)) as typeof setTimeout;
