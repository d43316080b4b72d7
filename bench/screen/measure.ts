// What a person with a busy screen would notice, measured one thing after the other.
import { setTimeout as delay } from 'node:timers/promises';
import { countCpu, residentMb } from './process-usage.ts';
import { OPEN_ROOM, type Stage, type Traffic } from './stage.ts';
import type { Sample } from './trend.ts';
import type { WatchedScreen } from './watched-screen.ts';

/** A new program has code to compile and rooms to load, which is measured by itself. */
const SETTLE_MS = 3_000;
/** How often memory and age are looked at. */
const SAMPLE_MS = 1_000;

export type BenchOptions = Readonly<{
  starts: number;
  keys: number;
  /** Pages gone up; a hundred are some three and a half thousand rows. */
  pages: number;
  idleMs: number;
  /** Traffic goes on for at least so long. */
  trafficMs: number;
  onProgress: (what: string) => void;
  /** Of the screen that is measured, for a profile. */
  nodeFlags: readonly string[];
}>;

export type Figures = Readonly<{
  starts: readonly Readonly<{ frameMs: number; postsMs: number }>[];
  quiet: Readonly<{
    keysMs: readonly number[];
    pagesMs: readonly number[];
    farUpKeysMs: readonly number[];
    idleShare: number;
    residentMb: number;
  }>;
  busy: Readonly<{
    keysMs: readonly number[];
    pagesMs: readonly number[];
    farUpKeysMs: readonly number[];
    cpuShare: number;
    openPerSecond: number;
    othersPerSecond: number;
    /** How old the newest post on the screen was. */
    agesMs: readonly number[];
    writtenKbPerSecond: number;
    memory: readonly Sample[];
  }>;
}>;

const FIRST_FRAME = /\S/;
/** Every post ends with its number. */
const POSTS = /\(\d+\)/;

async function measureStarts(stage: Stage, options: BenchOptions): Promise<Figures['starts']> {
  const starts: { frameMs: number; postsMs: number }[] = [];
  for (let index = 0; index < options.starts; index += 1) {
    const screen = stage.openScreen();
    const frameMs = await screen.shownAfter(FIRST_FRAME);
    const postsMs = await screen.shownAfter(POSTS);
    starts.push({ frameMs, postsMs });
    await screen.close();
  }
  return starts;
}

async function measureQuiet(
  screen: WatchedScreen,
  options: BenchOptions,
): Promise<Figures['quiet']> {
  const { keys, pages, onProgress } = options;
  onProgress('typing in a quiet room');
  const keysMs = await screen.typeLetters(keys);
  onProgress(`reading ${pages} pages upwards`);
  const pagesMs = await screen.pageUp(pages);
  const farUpKeysMs = await screen.typeLetters(keys);
  await screen.end();
  onProgress('doing nothing');
  await delay(SETTLE_MS);
  const idle = countCpu(screen.pid);
  await delay(options.idleMs);
  const idleShare = idle();
  return { keysMs, pagesMs, farUpKeysMs, idleShare, residentMb: residentMb(screen.pid) };
}

/** Looks at the screen now and then. @returns stops it */
function sampled(screen: WatchedScreen, memory: Sample[], agesMs: number[]): () => void {
  const timer = setInterval(() => {
    memory.push({ atMs: performance.now(), value: residentMb(screen.pid) });
    const age = screen.newestAgeMs();
    if (age !== null) agesMs.push(age);
  }, SAMPLE_MS);
  return () => clearInterval(timer);
}

async function measureBusy(
  screen: WatchedScreen,
  traffic: Traffic,
  options: BenchOptions,
): Promise<Figures['busy']> {
  const { keys, pages, onProgress, trafficMs } = options;
  const fromMs = performance.now();
  const cpu = countCpu(screen.pid);
  const before = traffic.stored();
  const writtenBefore = screen.terminal.writtenChars;
  const memory: Sample[] = [];
  const agesMs: number[] = [];
  let stop = sampled(screen, memory, agesMs);
  try {
    onProgress('typing in a busy room');
    const keysMs = await screen.typeLetters(keys);
    // Who reads further up sees nothing new.
    stop();
    stop = sampled(screen, memory, []);
    onProgress(`reading ${pages} pages upwards meanwhile`);
    const pagesMs = await screen.pageUp(pages);
    const farUpKeysMs = await screen.typeLetters(keys);
    await screen.end();
    stop();
    stop = sampled(screen, memory, agesMs);
    const leftMs = trafficMs - (performance.now() - fromMs);
    onProgress(`watching the busy room for ${Math.max(0, Math.round(leftMs / 1_000))} s`);
    await delay(Math.max(0, leftMs));
    const tookS = (performance.now() - fromMs) / 1_000;
    const after = traffic.stored();
    return {
      keysMs,
      pagesMs,
      farUpKeysMs,
      cpuShare: cpu(),
      openPerSecond: (after.open - before.open) / tookS,
      othersPerSecond: (after.others - before.others) / tookS,
      agesMs,
      writtenKbPerSecond: (screen.terminal.writtenChars - writtenBefore) / 1_024 / tookS,
      memory,
    };
  } finally {
    stop();
  }
}

/** Measures everything; ends what it started on the stage but not the stage. */
export async function measureScreen(stage: Stage, options: BenchOptions): Promise<Figures> {
  options.onProgress(`starting ${options.starts} times`);
  const starts = await measureStarts(stage, options);
  const screen = stage.openScreen(options.nodeFlags);
  await screen.shownAfter(new RegExp(`#${OPEN_ROOM} ❯`));
  await delay(SETTLE_MS);
  const quiet = await measureQuiet(screen, options);
  const traffic = await stage.startTraffic();
  await delay(SETTLE_MS);
  const busy = await measureBusy(screen, traffic, options);
  await traffic.stop();
  await screen.close();
  return { starts, quiet, busy };
}
