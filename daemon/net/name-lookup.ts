// Names to addresses, one question at a time for each name: a name server that hangs must not fill the
// few threads that all lookups share.
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';

type Answer = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;
type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

const waiting = new Map<string, Answer[]>();

function ask(host: string, options: LookupOptions, answer: Answer): void {
  const key = `${host} ${options.family ?? 0} ${options.hints ?? 0}`;
  const others = waiting.get(key);
  if (others) {
    others.push(answer);
    return;
  }
  const answers = [answer];
  waiting.set(key, answers);
  lookup(host, { ...options, all: true }, (error, addresses) => {
    waiting.delete(key);
    for (const tell of answers) tell(error, addresses ?? []);
  });
}

/** Stands in for dns.lookup wherever a socket takes one. Answers are fresh, never kept. */
export function sharedLookup(host: string, options: LookupOptions, callback: LookupCallback): void {
  ask(host, options, (error, addresses) => {
    const [first] = addresses;
    if (error || !first) return callback(error ?? notFound(host), [], 0);
    if (options.all) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
}

function notFound(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`no address of ${host}`), { code: 'ENOTFOUND' });
}
