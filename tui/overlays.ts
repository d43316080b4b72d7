// What takes the place of the timeline or of the whole body: help, the room switcher, and the notice of a
// start that found no server or was refused.
import { COMMANDS, commandNames } from './commands.ts';
import { emojiName } from './emoji.ts';
import { foundText } from './found-text.ts';
import { keyHelp } from './key-help.ts';
import { clockTime, dayLabel, type Row } from './line-rows.ts';
import { roomLabel } from './room-label.ts';
import { emojiChoices } from './state/about-post.ts';
import { switcherRooms } from './state/from-keys.ts';
import type { FoundLine, Model, Overlay } from './state/model.ts';
import { requestText } from './state/outbox-pane.ts';
import { parsedSearch } from './state/searching.ts';
import { cellWidth, fit, tailOf, truncate, wrapText } from './text.ts';
import type { LookName } from './theme.ts';

const line = (text: string, look: LookName = 'text'): Row => [{ text, look }];

/** Cells of the left column of help: its widest keys, and a space. */
const HELP_KEYS_WIDTH = 22;

function helpPair([keys, does]: readonly [string, string], width: number): Row[] {
  const left = Math.min(HELP_KEYS_WIDTH, Math.floor(width / 2));
  return wrapText(does, Math.max(8, width - left - 2)).map(
    (text, index): Row => [
      { text: ` ${fit(index === 0 ? keys : '', left)} `, look: 'ownName' },
      { text, look: 'text' },
    ],
  );
}

function helpRows(model: Model, width: number): Row[] {
  const commands = commandNames(model.local !== null).flatMap((name) => {
    const row = COMMANDS[name];
    return row ? [[row.usage, row.about] as const] : [];
  });
  return [
    line(' KEYS', 'title'),
    ...keyHelp(model.settings.bindings).flatMap((pair) => helpPair(pair, width)),
    line(''),
    line(' COMMANDS', 'title'),
    ...commands.flatMap((pair) => helpPair(pair, width)),
    ...helpPair(['//text', 'posts /text'], width),
  ];
}

function scrolledHelp(model: Model, offset: number, size: { width: number; height: number }) {
  const rows = helpRows(model, size.width);
  const height = size.height - 1;
  const start = Math.max(0, Math.min(offset, rows.length - height));
  const more = rows.length > start + height ? '↓ more · ' : '';
  return [
    ...rows.slice(start, start + height),
    line(` ${more}↑ ↓ PgUp PgDn · Esc closes`, 'faint'),
  ];
}

const SWITCHER_PROMPT = ' go to ❯ ';

function switcherRows(model: Model, overlay: Extract<Overlay, { type: 'switcher' }>, size: Size) {
  const found = switcherRooms(model, overlay.query);
  const height = Math.max(1, size.height - 2);
  const start = Math.max(0, overlay.selected - height + 1);
  const rows = found.slice(start, start + height).map((view, index): Row => {
    const unread = view.unread > 0 ? `  ${view.unread} new` : '';
    const text = ` ${roomLabel(view.room)}${unread}${view.room.topic === '' ? '' : ` · ${view.room.topic}`}`;
    return line(fit(text, size.width), start + index === overlay.selected ? 'selected' : 'text');
  });
  const empty = found.length === 0 ? [line(' no such room here · /join ROOM', 'faint')] : [];
  return [typedRow(overlay, size.width), ...rows, ...empty];
}

type Size = Readonly<{ width: number; height: number }>;

/** The overlay, at most `height` rows. */
export function overlayRows(model: Model, overlay: Overlay, size: Size): readonly Row[] {
  switch (overlay.type) {
    case 'help':
      return scrolledHelp(model, overlay.offset, size);
    case 'switcher':
      return switcherRows(model, overlay, size);
    case 'react':
      return reactRows(overlay, size);
    case 'outbox':
      return outboxRows(model, overlay, size);
    case 'search':
      return searchRows(model, overlay, size);
  }
}

const OUTBOX_HELP = ' e edit · d drop · r try again now · Esc';

function outboxRows(model: Model, { selected }: Extract<Overlay, { type: 'outbox' }>, size: Size) {
  const { outbox } = model;
  const height = Math.max(1, size.height - 2);
  const start = Math.max(0, Math.min(selected - height + 1, outbox.length - height));
  const rows = outbox.slice(start, start + height).map((item, index): Row => {
    const mark = item.state === 'sent' ? '◷' : '…';
    const text = fit(` ${mark} ${requestText(model, item)}`, size.width);
    return [{ text, look: start + index === selected ? 'selected' : 'text', said: true }];
  });
  const empty = outbox.length === 0 ? [line(' everything is stored', 'good')] : [];
  const title = ` ${outbox.length} not stored yet · … queued  ◷ sent`;
  return [line(title, 'title'), ...rows, ...empty, line(OUTBOX_HELP, 'faint')];
}

const SEARCH_PROMPT = ' search ❯ ';

/** What may stand in a search. */
export const SEARCH_HELP = [
  'words, each as the beginning of one',
  '"in quotes": together, exactly so',
  'from:bob  in:#ops  in:@bob',
  'after:2026-11-01  before:2026-12-01',
];
const SEARCH_KEYS = ['', ' ↑ ↓ choose · Enter goes there · Esc'];

type SearchOverlay = Extract<Overlay, { type: 'search' }>;
type FoundFields = Readonly<{
  width: number;
  isSelected: boolean;
  newest: number;
  /** What was looked for, without filters. */
  words: string;
}>;

/** From here on a result says its minute too. */
const CLOCK_FROM_WIDTH = 50;

function foundRow(model: Model, { room, line: found }: FoundLine, fields: FoundFields): Row {
  const { width, isSelected, newest, words } = fields;
  const view = model.rooms.find((each) => each.room.id === room);
  const where = view ? roomLabel(view.room) : '?';
  const clock = width < CLOCK_FROM_WIDTH ? '' : ` ${clockTime(found.time)}`;
  const start = ` ${dayLabel(found.time, newest)}${clock} ${where} ${found.name} `;
  const text = found.text.replace(/\s+/g, ' ');
  const left = Math.max(4, width - cellWidth(start));
  const { before, hit, behind } = foundText(text, words, left);
  if (isSelected) {
    const all = fit(start + before + hit + behind, width);
    return [{ text: all, look: 'selected', said: true }];
  }
  return [
    { text: start, look: 'faint' },
    { text: before, look: 'text', said: true },
    { text: hit, look: 'mention', said: true },
    { text: behind, look: 'text', said: true },
  ];
}

/** What stands above, or in place of, the results. */
function searchNotes(model: Model, { query, found, problem }: SearchOverlay): Row[] {
  const parsed = parsedSearch(model, query);
  if (parsed.type === 'wrong') return [line(` ${parsed.reason}`, 'warning')];
  if (parsed.type === 'nothing') {
    return [...SEARCH_HELP.map((text) => ` ${text}`), ...SEARCH_KEYS].map((text) =>
      line(text, 'faint'),
    );
  }
  if (problem !== null) return [line(` ${problem}`, 'warning')];
  if (!found) return [line(' searching…', 'faint')];
  return [
    ...(found.complete ? [] : [line(' the server still reads its history', 'warning')]),
    ...(found.complete && found.lines.length === 0 ? [line(' nothing found', 'faint')] : []),
  ];
}

function searchRows(model: Model, overlay: SearchOverlay, size: Size): Row[] {
  const { found, selected } = overlay;
  const lines = found?.lines ?? [];
  const notes = searchNotes(model, overlay);
  const height = Math.max(1, size.height - 1 - notes.length);
  const start = Math.max(0, Math.min(selected - height + 1, lines.length - height));
  const newest = lines[0]?.line.time ?? 0;
  const parsed = parsedSearch(model, found?.query ?? '');
  const words = parsed.type === 'search' ? parsed.request.text : '';
  const rows = lines.slice(start, start + height).map((each, index) => {
    const isSelected = start + index === selected;
    return foundRow(model, each, { width: size.width, isSelected, newest, words });
  });
  return [typedRow(overlay, size.width), ...notes, ...rows];
}

const REACT_PROMPT = ' react with :';

function reactRows(overlay: Extract<Overlay, { type: 'react' }>, size: Size): Row[] {
  const { query, selected } = overlay;
  const found = emojiChoices(query);
  const height = Math.max(1, size.height - 2);
  const start = Math.max(0, selected - height + 1);
  const rows = found.slice(start, start + height).map((emoji, index): Row => {
    const look = start + index === selected ? 'selected' : 'text';
    return [{ text: fit(` ${emoji}  ${emojiName(emoji)}`, size.width), look, said: true }];
  });
  const empty = found.length === 0 ? [line(' no emoji of that name', 'faint')] : [];
  return [typedRow(overlay, size.width), ...rows, ...empty];
}

const PROMPTS = { switcher: SWITCHER_PROMPT, react: REACT_PROMPT, search: SEARCH_PROMPT } as const;

type TypedOverlay = Exclude<Overlay, { type: 'help' | 'outbox' }>;

/** The end of what was typed, with a cell for the cursor behind it. */
function typedRow({ type, query }: TypedOverlay, width: number): Row {
  const prompt = PROMPTS[type];
  const shown = tailOf(query, Math.max(0, width - cellWidth(prompt) - 1));
  return [
    { text: prompt, look: 'prompt' },
    { text: shown, look: 'text', said: true },
  ];
}

/** Where the cursor stands in an overlay that takes text; null where none does. @param width cells of the overlay */
export function overlayCursor(overlay: Overlay, width: number): { x: number; y: number } | null {
  if (overlay.type === 'help' || overlay.type === 'outbox') return null;
  const cells = typedRow(overlay, width).reduce((sum, { text }) => sum + cellWidth(text), 0);
  return { x: Math.min(cells, width - 1), y: 0 };
}

/** With fewer rows than this the notice leaves its blank lines out. */
const NOTICE_SPACED_FROM_ROWS = 18;

/** What an earlier start left to be sent. */
function waitingRows({ outbox }: Model): Row[] {
  const { length } = outbox;
  if (length === 0) return [];
  return [line(` ${length} queued: kept, sent when one answers`, 'faint')];
}

function noServerRows(model: Model): Row[] {
  const state = model.connection;
  if (state.type !== 'noServer') return [];
  const wide = Math.max(...state.tried.map(({ address }) => cellWidth(address)), 0);
  const next = Math.max(0, (state.nextAttemptMs - model.nowMs) / 1000).toFixed(1);
  const hint = model.hint ? [line(` ${model.hint.text}`, model.hint.tone)] : [];
  const spaced = model.size.rows < NOTICE_SPACED_FROM_ROWS ? [] : [line('')];
  return [
    line(' ✗ No server answers', 'bad'),
    ...spaced,
    ...state.tried.map(({ address, result }): Row => line(`   ${fit(address, wide)}  ${result}`)),
    ...spaced,
    line(` Try ${state.attempt} · next in ${next}s`, 'faint'),
    ...waitingRows(model),
    ...spaced,
    line('   l  start three servers here (--local)'),
    line('   r  try again now'),
    line('   q  quit'),
    ...spaced,
    ...hint,
    line(' Or: docker compose up -d, or name a', 'faint'),
    line(' server with --servers host:port', 'faint'),
  ];
}

const NAME_PROMPT = ' name ❯ ';

/** What stands above the name that is typed after a refused sign-in. */
function refusalRows(model: Model): Row[] {
  const state = model.connection;
  if (state.type !== 'refused') return [];
  const width = model.size.columns - 4;
  return [
    line(` ✗ ${truncate(model.name, 20)} cannot sign in`, 'bad'),
    ...wrapText(state.reason, width).map((text) => line(`   ${text}`)),
    line(''),
    ...wrapText('Type another name, then Enter. Ctrl+C quits.', width).map((text) =>
      line(` ${text}`),
    ),
    line(''),
  ];
}

function refusedRows(model: Model): Row[] {
  if (model.connection.type !== 'refused') return [];
  return [
    ...refusalRows(model),
    [
      { text: NAME_PROMPT, look: 'prompt' },
      { text: model.nameDraft, look: 'text' },
    ],
    line(''),
    line(model.hint ? ` ${model.hint.text}` : '', 'warning'),
  ];
}

/** The notice that fills the screen while nobody is signed in; empty where there is nothing to tell. */
export function blockedRows(model: Model): readonly Row[] {
  return [...noServerRows(model), ...refusedRows(model)];
}

/** Where the cursor stands in the notice; null where it takes no text. */
export function blockedCursor(model: Model): { x: number; y: number } | null {
  return model.connection.type === 'refused'
    ? { x: cellWidth(NAME_PROMPT + model.nameDraft), y: refusalRows(model).length }
    : null;
}
