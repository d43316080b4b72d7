// A run as a picture: for each minute a strip with the faults as bars on the servers they were done to, who led,
// and below them the acknowledged posts of each tenth of a second. Times without any are red.
import type { TimedPost } from './crowd.ts';
import { FAULT_KINDS, type FaultKind, KINDS } from './plan.ts';
import type { FaultRecord } from './torture.ts';
import { silences } from './waits.ts';

export type Timeline = Readonly<{
  title: string;
  servers: readonly string[];
  faults: readonly FaultRecord[];
  leaders: readonly { id: string | null; fromMs: number }[];
  posts: readonly TimedPost[];
}>;

const STRIP_MS = 60_000;
const BIN_MS = 100;
/** Pixels for a tenth of a second: bars that are seen, in strips as wide as a page. */
const BIN_PX = 2;
const LEFT_PX = 76;
const LANE_PX = 18;
const BARS_PX = 56;
const AXIS_PX = 22;
const GAP_PX = 14;
const HEAD_PX = 70;
const WIDTH_PX = LEFT_PX + (STRIP_MS / BIN_MS) * BIN_PX + 20;
/** Shorter silences are usual between two posts of people who pause to think. */
const SILENCE_MS_MIN = 250;
/** A label needs about so much for each letter. */
const LETTER_PX = 6.5;

const COLOURS: Readonly<Record<FaultKind, string>> = {
  kill: '#d1495b',
  stop: '#e08e79',
  freeze: '#c77dba',
  wipe: '#8d2b3a',
  blackout: '#1d1d1f',
  sender: '#8a8f98',
  clock: '#7d6bb5',
  split: '#2f6690',
  oneWay: '#3a8fb7',
  loss: '#7fb7d6',
  reset: '#16425b',
  slow: '#4d8076',
  cable: '#1f7a8c',
  deaf: '#5c9ead',
  full: '#c98a1b',
};
const LEADS = '#5aa469';
const IDLE = '#e3e6ea';
const BAR = '#4a5568';

const px = (value: number) => Number(value.toFixed(1));

function text(x: number, y: number, words: string, attributes = ''): string {
  const escaped = words.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  return `<text x="${px(x)}" y="${px(y)}" ${attributes}>${escaped}</text>`;
}

type Box = { x: number; y: number; width: number; height: number; fill: string; title?: string };

function box({ x, y, width, height, fill, title }: Box): string {
  const place = `x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}"`;
  return `<rect ${place} fill="${fill}">${title ? `<title>${title}</title>` : ''}</rect>`;
}

/** One minute of the run, and where it stands on the page. */
class Strip {
  private readonly fromMs: number;
  private readonly top: number;
  private readonly timeline: Timeline;
  private readonly lanes: readonly string[];

  constructor(timeline: Timeline, lanes: readonly string[], index: number) {
    this.timeline = timeline;
    this.lanes = lanes;
    this.fromMs = index * STRIP_MS;
    this.top = HEAD_PX + index * stripHeight(lanes);
  }

  /** Left and right of a span of time within this strip; null where it has no part in it. */
  private across(fromMs: number, untilMs: number): { x: number; width: number } | null {
    const from = Math.max(fromMs, this.fromMs);
    const until = Math.min(untilMs, this.fromMs + STRIP_MS);
    if (until <= from) return null;
    const scale = BIN_PX / BIN_MS;
    return {
      x: LEFT_PX + (from - this.fromMs) * scale,
      width: Math.max(1, (until - from) * scale),
    };
  }

  private laneTop(lane: number): number {
    return this.top + lane * LANE_PX;
  }

  draw(): string {
    return [
      ...this.drawSilences(),
      ...this.lanes.flatMap((name, lane) => this.drawLane(name, lane)),
      ...this.timeline.faults.flatMap((fault) => this.drawFault(fault)),
      ...this.drawBars(),
      ...this.drawAxis(),
    ].join('\n');
  }

  private drawSilences(): string[] {
    const height = this.lanes.length * LANE_PX + BARS_PX;
    return silences(this.timeline.posts, SILENCE_MS_MIN).flatMap(({ fromMs, untilMs }) => {
      const span = this.across(fromMs, untilMs);
      const title = `${Math.round(untilMs - fromMs)} ms without an acknowledgement`;
      return span ? [box({ ...span, y: this.top, height, fill: '#fbd5d5', title })] : [];
    });
  }

  private drawLane(name: string, lane: number): string[] {
    const middle = this.laneTop(lane) + LANE_PX / 2;
    const whole = this.across(0, Number.POSITIVE_INFINITY) as { x: number; width: number };
    const { leaders } = this.timeline;
    const leads = leaders.flatMap(({ id, fromMs }, index) => {
      const untilMs = leaders[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
      const span = id === name ? this.across(fromMs, untilMs) : null;
      return span ? [box({ ...span, y: middle + 5, height: 3, fill: LEADS })] : [];
    });
    return [
      text(8, middle + 4, name),
      box({ ...whole, y: middle + 6, height: 1, fill: IDLE }),
      ...leads,
    ];
  }

  private drawFault({ kind, whom, fromMs, untilMs }: FaultRecord): string[] {
    const span = this.across(fromMs, untilMs);
    if (!span) return [];
    const seconds = (value: number) => (value / 1_000).toFixed(2);
    const title = `${kind} ${whom.join(' ')}, ${seconds(fromMs)} s to ${seconds(untilMs)} s`;
    const lanes = new Set(whom.map((name) => Math.max(0, this.lanes.indexOf(laneOf(name)))));
    return [...lanes].flatMap((lane) => {
      const y = this.laneTop(lane) + 1;
      const bar = box({ ...span, y, height: LANE_PX - 6, fill: COLOURS[kind], title });
      const fits = kind.length * LETTER_PX < span.width;
      return fits ? [bar, text(span.x + 3, y + 9.5, kind, 'fill="#fff" font-size="10"')] : [bar];
    });
  }

  private drawBars(): string[] {
    const base = this.laneTop(this.lanes.length) + BARS_PX;
    const bins = new Map<number, number>();
    for (const { answeredMs } of this.timeline.posts) {
      if (answeredMs < this.fromMs || answeredMs >= this.fromMs + STRIP_MS) continue;
      const bin = Math.floor((answeredMs - this.fromMs) / BIN_MS);
      bins.set(bin, (bins.get(bin) ?? 0) + 1);
    }
    const bars = [...bins].map(([bin, count]) => {
      // Twice the usual pace fills half; what waited through a failover comes all at once.
      const height = Math.min(BARS_PX - 4, Math.sqrt(count) * 8);
      const x = LEFT_PX + bin * BIN_PX + BIN_PX / 2;
      return `M${px(x)} ${px(base)}V${px(base - height)}`;
    });
    // One line for all of them: there are thousands.
    return [`<path d="${bars.join('')}" stroke="${BAR}" stroke-width="${BIN_PX - 0.4}"/>`];
  }

  private drawAxis(): string[] {
    const base = this.laneTop(this.lanes.length) + BARS_PX;
    const seconds = Array.from({ length: 7 }, (_, index) => index * 10);
    return [
      text(8, base - 16, 'acked'),
      text(8, base - 4, 'per 0.1 s', 'font-size="10"'),
      box({ x: LEFT_PX, y: base, width: WIDTH_PX - LEFT_PX - 20, height: 1, fill: BAR }),
      ...seconds.map((second) => {
        const x = LEFT_PX + ((second * 1_000) / BIN_MS) * BIN_PX;
        const words = `${this.fromMs / 1_000 + second} s`;
        return text(x, base + 13, words, 'text-anchor="middle" font-size="10" fill="#666"');
      }),
    ];
  }
}

const laneOf = (name: string) => (name.startsWith('sender') ? 'senders' : name);

function stripHeight(lanes: readonly string[]): number {
  return lanes.length * LANE_PX + BARS_PX + AXIS_PX + GAP_PX;
}

/** The kinds that occurred, in their colours, and what else is drawn. */
function legend(faults: readonly FaultRecord[]): string[] {
  const present = FAULT_KINDS.filter((kind) => faults.some((fault) => fault.kind === kind));
  const items = [
    { colour: LEADS, words: 'leads' },
    { colour: '#fbd5d5', words: 'nothing acknowledged' },
    ...present.map((kind) => ({ colour: COLOURS[kind], words: kind })),
  ];
  let x = 8;
  return items.flatMap(({ colour, words }) => {
    const at = x;
    x += 26 + words.length * LETTER_PX;
    const swatch = box({ x: at, y: 38, width: 11, height: 11, fill: colour });
    return [swatch, text(at + 15, 48, words, 'font-size="11"')];
  });
}

/** @returns the picture as SVG; `KINDS` of plan.ts says what each name in it means */
export function timelineSvg(timeline: Timeline): string {
  const { faults, posts, servers, title } = timeline;
  const hasSenders = faults.some(({ kind }) => KINDS[kind] === KINDS.sender);
  const lanes = [...servers].reverse().concat(hasSenders ? ['senders'] : []);
  const lastMs = posts.reduce((last, { sentMs }) => Math.max(last, sentMs), 0);
  const strips = Array.from(
    { length: Math.floor(lastMs / STRIP_MS) + 1 },
    (_, index) => new Strip(timeline, lanes, index),
  );
  const height = HEAD_PX + strips.length * stripHeight(lanes);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH_PX}" height="${height}" viewBox="0 0 ${WIDTH_PX} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    box({ x: 0, y: 0, width: WIDTH_PX, height, fill: '#fff' }),
    text(8, 22, title, 'font-size="15" font-weight="600"'),
    ...legend(faults),
    ...strips.map((strip) => strip.draw()),
    '</svg>',
    '',
  ].join('\n');
}
