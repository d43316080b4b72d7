// Tab: what the word before the cursor could become.
import { COMMANDS, commandNames } from './commands.ts';
import type { Editor } from './editor.ts';
import { emojiFor } from './emoji.ts';
import type { Model } from './state/model.ts';

export type Choices = Readonly<{
  /** Where the word begins that a choice replaces. */
  start: number;
  choices: readonly string[];
  /** Rooms are what is chosen from: of those that were not joined, what was told last. */
  areRooms?: true;
}>;

/** Names of those who spoke last first, because it is they who are answered. */
function recentNames(model: Model): string[] {
  const view = model.rooms.find((each) => each.room.id === model.openRoom);
  const spoke = (view?.lines ?? [])
    .slice(-500)
    .flatMap((line) => (line.kind === 'post' && !line.own ? [line.name] : []))
    .reverse();
  const listed = (view?.people ?? []).map((person) => person.name);
  return [...new Set([...spoke, ...listed])].filter((name) => name !== model.name);
}

const starting = (prefix: string, names: readonly string[]) =>
  names.filter((name) => name.toLowerCase().startsWith(prefix.toLowerCase()));

function commandChoices(word: string, model: Model): string[] {
  return starting(word.slice(1), commandNames(model.local !== null)).map((name) => `/${name} `);
}

type Argument = Omit<Choices, 'start'>;

function argumentChoices(command: string, word: string, model: Model): Argument | null {
  const row = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  switch (row?.completes) {
    case 'servers':
      return { choices: starting(word, Object.keys(model.local ?? {})) };
    case 'people': {
      const names = starting(word.replace(/^@/, ''), peopleNames(model));
      return { choices: names.map((name) => `${name} `) };
    }
    case 'rooms':
      return { choices: starting(word.replace(/^#/, ''), roomNames(model)), areRooms: true };
    default:
      return null;
  }
}

/** One's own first, and all others that are known. */
function roomNames(model: Model): string[] {
  const joined = model.rooms.flatMap(({ room }) => (room.direct ? [] : [room.name]));
  return [...new Set([...joined, ...model.roomNames])];
}

/** Whom one may write to: those one writes to already, those here, and whoever is known of other rooms. */
function peopleNames(model: Model): string[] {
  const written = model.rooms.flatMap(({ room }) => (room.direct ? [room.name] : []));
  const elsewhere = model.rooms.flatMap((view) => (view.people ?? []).map(({ name }) => name));
  return [...new Set([...written, ...recentNames(model), ...elsewhere])];
}

/** What Tab offers at the cursor, nearest first; none where nothing fits. */
export function choicesAt(editor: Editor, model: Model): Choices {
  const before = editor.text.slice(0, editor.cursor);
  const start = before.search(/\S*$/u);
  const word = before.slice(start);
  if (start === 0 && /^\/[^/]*$/.test(word)) return { start, choices: commandChoices(word, model) };
  const command = /^\/(\S+)\s+\S*$/.exec(before)?.[1]?.toLowerCase() ?? '';
  const argument = argumentChoices(command, word, model);
  if (argument) return { start, ...argument };
  if (word.startsWith('#')) {
    const choices = starting(word.slice(1), roomNames(model)).map((name) => `#${name}`);
    return { start, choices, areRooms: true };
  }
  const emoji = /^:([a-z0-9_+-]{2,}):?$/i.exec(word)?.[1];
  if (emoji !== undefined) return { start, choices: emojiFor(emoji).map((each) => `${each} `) };
  const isCall = word.startsWith('@');
  if (word === '' || (isCall && word === '@' && recentNames(model).length === 0)) {
    return { start, choices: [] };
  }
  const names = starting(isCall ? word.slice(1) : word, recentNames(model));
  const ending = start === 0 && !isCall ? ': ' : ' ';
  return { start, choices: names.map((name) => `${isCall ? '@' : ''}${name}${ending}`) };
}
