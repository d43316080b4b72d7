// A reporter of Node's test runner: one line of JSON for each test that failed, with what it says of a mistake. A
// scenario whose text came out otherwise says something only where the difference is about what was stored, shown or
// kept, or about who leads: that a view came a moment later is no mistake that anyone would notice.
import type { TestEvent } from 'node:test/reporters';

export type Failure = Readonly<{
  title: string;
  /** `broken`: an assertion or an invariant; `differs`: a scenario's text, where it matters; `slight`: elsewhere. */
  how: 'broken' | 'differs' | 'slight';
}>;

/** Lines of a scenario about servers, as `Scenario.look` writes them. */
const SERVER = /^ {4}(server\d+) (down|stopped|\S+,? .*)$/;

/** What counts of one line; null for one that tells of a moment only. */
function matterOf(line: string): string | null {
  if (/ has: /.test(line)) return line;
  const server = SERVER.exec(line);
  if (server) return /^leading/.test(server[2] ?? '') ? `${server[1]} leads` : null;
  if (!line.startsWith('    ')) return null;
  // What people were told, but for where they signed in.
  return line.replaceAll(/at server\d+ as \S+?(, |$)/g, '');
}

/** Whether two outcomes of a scenario differ in what was stored, shown or kept, or in who leads. */
export function differs(actual: string, expected: string): boolean {
  const matters = (text: string) => text.split('\n').flatMap((line) => matterOf(line) ?? []);
  return JSON.stringify(matters(actual)) !== JSON.stringify(matters(expected));
}

type Cause = Partial<Readonly<{ message: string; actual: unknown; expected: unknown }>>;

function howOf({ message = '', actual, expected }: Cause): Failure['how'] {
  if (!message.includes('UPDATE_GOLDENS')) return 'broken';
  return differs(String(actual), String(expected)) ? 'differs' : 'slight';
}

export default async function* failures(source: AsyncIterable<TestEvent>) {
  for await (const event of source) {
    if (event.type !== 'test:fail') continue;
    const { name: title, details } = event.data;
    const failure: Failure = { title, how: howOf((details.error.cause ?? {}) as Cause) };
    yield `${JSON.stringify(failure)}\n`;
  }
}
