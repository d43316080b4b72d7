// What can be done to the network between servers, and the rules of iptables that do it.

/** How long something is held up: `leastMs` and up to `spreadMs` more. */
export type Slowness = Readonly<{ leastMs: number; spreadMs: number }>;

export type Cut =
  /** Neither hears the other. */
  | Readonly<{ type: 'split'; at: string; from: string }>
  /** `at` does not hear `from`, which hears it. */
  | Readonly<{ type: 'oneWay'; at: string; from: string }>
  /** TCP between the two is answered with resets, both ways; datagrams pass. */
  | Readonly<{ type: 'reset'; at: string; from: string }>
  /** All between the two is held up, and datagrams overtake each other; connections begin anew. */
  | Readonly<{ type: 'slow'; at: string; from: string; slowness: Slowness }>
  /** `at` does not hear its clients. */
  | Readonly<{ type: 'deaf'; at: string }>
  /** `at` loses this share of all packets that come. */
  | Readonly<{ type: 'loss'; at: string; share: number }>
  /** The bridge's end of its cable is pulled. */
  | Readonly<{ type: 'cable'; at: string }>;

/** Cuts that are nothing but rules for what comes in. */
export type Filter = Exclude<Cut, { type: 'cable' | 'slow' }>;

/** A rule in the namespace of one server: the words after `iptables -A`. */
export type Rule = Readonly<{
  at: string;
  table: 'filter' | 'nat' | 'raw';
  words: readonly string[];
}>;

const DROP = ['-j', 'DROP'] as const;
const RESET = ['-p', 'tcp', '-j', 'REJECT', '--reject-with', 'tcp-reset'] as const;

/** @param hosts addresses: of each server by its id, and where the clients are */
export function rulesOf(
  cut: Filter,
  hosts: { of(id: string): string; clients: string },
): readonly Rule[] {
  const input = (at: string, ...words: readonly string[]): Rule => {
    return { at, table: 'filter', words: ['INPUT', ...words] };
  };
  const from = (id: string) => ['-s', hosts.of(id)] as const;
  switch (cut.type) {
    case 'split':
      return [input(cut.at, ...from(cut.from), ...DROP), input(cut.from, ...from(cut.at), ...DROP)];
    case 'oneWay':
      return [input(cut.at, ...from(cut.from), ...DROP)];
    case 'reset':
      return [
        input(cut.at, ...from(cut.from), ...RESET),
        input(cut.from, ...from(cut.at), ...RESET),
      ];
    case 'deaf':
      return [input(cut.at, '-s', hosts.clients, ...DROP)];
    case 'loss': {
      const chance = ['--mode', 'random', '--probability', cut.share.toFixed(3)];
      return [input(cut.at, '-m', 'statistic', ...chance, ...DROP)];
    }
  }
}

/**
 * The packets that met rules like this one.
 * @param listing what `iptables -v -S CHAIN` prints: a rule a line, `-c PACKETS BYTES` in it
 */
export function packetsOf(listing: string, words: readonly string[]): number {
  const after = (flag: string) => words[words.indexOf(flag) + 1] ?? '';
  const wanted = [
    words.includes('-s') ? ` -s ${after('-s')}/32 ` : '',
    words.includes('-m') ? ` -m ${after('-m')} ` : '',
    ` -j ${after('-j')}`,
  ];
  return listing
    .split('\n')
    .filter((line) => line.startsWith('-A') && wanted.every((part) => line.includes(part)))
    .reduce((sum, line) => sum + Number(/-c (\d+)/.exec(line)?.[1] ?? 0), 0);
}
