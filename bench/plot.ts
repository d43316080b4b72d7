// A work as a picture: for each case a group of bars, one for each server, with a line from the least to the most of
// its runs. Whoever is much slower than the rest still has a bar, since the scale starts at nothing.
import type { Row } from './report.ts';
import { rounded } from './statistics.ts';
import type { Metric } from './works/work.ts';

export type Group = Readonly<{ name: string; rows: readonly Row[] }>;

const WIDTH_PX = 760;
const LABEL_PX = 210;
const VALUE_PX = 90;
const BAR_PX = 16;
const GAP_PX = 4;
const HEAD_PX = 48;
const GROUP_HEAD_PX = 26;
const SCALE_PX = WIDTH_PX - LABEL_PX - VALUE_PX;
const COLOURS: Readonly<Record<Row['role'], string>> = {
  own: '#2f6690',
  peer: '#9aa5b1',
  context: '#d8dde3',
};
const SPREAD = '#1d1d1f';

const px = (value: number) => String(Math.round(value * 10) / 10);
const escaped = (words: string) =>
  words.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign] as string);

function text(x: number, y: number, words: string, attributes = ''): string {
  return `<text x="${px(x)}" y="${px(y)}" ${attributes}>${escaped(words)}</text>`;
}

/** @param metric whose figures are drawn */
export function barsSvg(title: string, groups: readonly Group[], metric: Metric): string {
  const shown = groups.filter(({ rows }) => rows.some(({ spreads }) => spreads[metric.key]));
  let y = HEAD_PX;
  const parts: string[] = [];
  for (const { name, rows } of shown) {
    parts.push(text(8, y + 14, name, 'font-weight="600"'));
    y += GROUP_HEAD_PX;
    const most = Math.max(...rows.map(({ spreads }) => spreads[metric.key]?.max ?? 0));
    for (const row of rows) {
      parts.push(...bar(row, metric, { y, most }));
      y += BAR_PX + GAP_PX;
    }
    y += GAP_PX;
  }
  const font = 'font-family="system-ui, sans-serif" font-size="12" fill="#1d1d1f"';
  const heading = text(8, 22, `${title}: ${metric.title}`, 'font-size="15" font-weight="600"');
  const size = `width="${WIDTH_PX}" height="${px(y + 8)}" viewBox="0 0 ${WIDTH_PX} ${px(y + 8)}"`;
  const back = `<rect width="100%" height="100%" fill="#fff"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font}>\n${[back, heading, ...parts].join('\n')}\n</svg>\n`;
}

function bar(row: Row, { key }: Metric, { y, most }: { y: number; most: number }): string[] {
  const label = text(LABEL_PX - 8, y + 12, row.system, 'text-anchor="end"');
  const spread = row.spreads[key];
  if (!spread || most <= 0) return [label];
  const at = (value: number) => LABEL_PX + (value / most) * SCALE_PX;
  const middle = y + BAR_PX / 2;
  const width = Math.max(1, at(spread.median) - LABEL_PX);
  const area = `x="${LABEL_PX}" y="${px(y)}" width="${px(width)}" height="${BAR_PX}"`;
  return [
    label,
    `<rect ${area} fill="${COLOURS[row.role]}"/>`,
    `<path d="M${px(at(spread.min))} ${px(middle)}H${px(at(spread.max))}" stroke="${SPREAD}"/>`,
    text(at(spread.max) + 6, y + 12, rounded(spread.median)),
  ];
}
