// A network of its own for the tortured servers: each in a namespace, with a cable to one bridge; this process,
// and with it the clients, on the bridge. It lives in the namespace that enclosure.ts made, so that nothing of
// the machine's own network is touched, and all of it vanishes with this process.
import { execa } from 'execa';
import type { Place } from './servers.ts';

export type Cut =
  /** Neither hears the other. */
  | Readonly<{ type: 'split'; at: string; from: string }>
  /** `at` does not hear `from`, which hears it. */
  | Readonly<{ type: 'oneWay'; at: string; from: string }>
  /** TCP between the two is answered with resets, both ways; datagrams pass. */
  | Readonly<{ type: 'reset'; at: string; from: string }>
  /** `at` does not hear its clients. */
  | Readonly<{ type: 'deaf'; at: string }>
  /** `at` loses this share of all packets that come. */
  | Readonly<{ type: 'loss'; at: string; share: number }>
  /** The bridge's end of its cable is pulled. */
  | Readonly<{ type: 'cable'; at: string }>;

export type Network = Readonly<{
  place: Place;
  /** @returns what undoes it */
  apply(cut: Cut): Promise<() => Promise<void>>;
}>;

/** Private addresses (RFC 1918); nothing outside the namespaces sees them. */
const HOST_PREFIX = '10.77.0.';
const HUB = `${HOST_PREFIX}254`;
const PORT_BASE = 8000;

/** Rules in the namespace of one server: what is dropped, or reset, of what comes in. */
type Rule = Readonly<{ at: string; match: readonly string[] }>;

async function run(command: string, ...words: string[]): Promise<void> {
  await execa(command, words);
}

const within = (id: string) => ['nsenter', `--net=/run/netns/${id}`] as const;

/** Inside the enclosure only. */
export async function openNetwork(ids: readonly string[]): Promise<Network> {
  const numberOf = (id: string) => ids.indexOf(id) + 1;
  const hostOf = (number: number) => `${HOST_PREFIX}${number}`;
  await run('ip', 'link', 'set', 'lo', 'up');
  await run('ip', 'link', 'add', 'hub', 'type', 'bridge');
  await run('ip', 'address', 'add', `${HUB}/24`, 'dev', 'hub');
  await run('ip', 'link', 'set', 'hub', 'up');
  for (const id of ids) await plugIn(id, hostOf(numberOf(id)));

  function rulesOf(cut: Exclude<Cut, { type: 'cable' }>): Rule[] {
    const drop = ['-j', 'DROP'];
    const reset = ['-p', 'tcp', '-j', 'REJECT', '--reject-with', 'tcp-reset'];
    const source = (id: string) => ['-s', hostOf(numberOf(id))];
    switch (cut.type) {
      case 'split':
        return [
          { at: cut.at, match: [...source(cut.from), ...drop] },
          { at: cut.from, match: [...source(cut.at), ...drop] },
        ];
      case 'oneWay':
        return [{ at: cut.at, match: [...source(cut.from), ...drop] }];
      case 'reset':
        return [
          { at: cut.at, match: [...source(cut.from), ...reset] },
          { at: cut.from, match: [...source(cut.at), ...reset] },
        ];
      case 'deaf':
        return [{ at: cut.at, match: ['-s', HUB, ...drop] }];
      case 'loss': {
        const chance = ['--mode', 'random', '--probability', cut.share.toFixed(3)];
        return [{ at: cut.at, match: ['-m', 'statistic', ...chance, ...drop] }];
      }
    }
  }

  async function change(action: '-A' | '-D', { at, match }: Rule): Promise<void> {
    const [command, net] = within(at);
    await run(command, net, 'iptables', '-w', action, 'INPUT', ...match);
  }

  // Pulled twice at a time, a cable is back when both let go of it.
  const pulls = new Map<string, number>();
  async function pull(id: string, by: 1 | -1): Promise<void> {
    const count = (pulls.get(id) ?? 0) + by;
    pulls.set(id, count);
    await run('ip', 'link', 'set', `to-${id}`, count > 0 ? 'down' : 'up');
  }

  return {
    place: { portBase: PORT_BASE, hostOf, prefixOf: within },
    apply: async (cut) => {
      if (cut.type === 'cable') {
        await pull(cut.at, 1);
        return () => pull(cut.at, -1);
      }
      const rules = rulesOf(cut);
      for (const rule of rules) await change('-A', rule);
      return async () => {
        for (const rule of rules) await change('-D', rule);
      };
    },
  };
}

/** A namespace with one cable to the bridge. */
async function plugIn(id: string, host: string): Promise<void> {
  const [command, net] = within(id);
  await run('ip', 'netns', 'add', id);
  await run('ip', 'link', 'add', `to-${id}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', id);
  await run('ip', 'link', 'set', `to-${id}`, 'master', 'hub', 'up');
  await run(command, net, 'ip', 'link', 'set', 'lo', 'up');
  await run(command, net, 'ip', 'address', 'add', `${host}/24`, 'dev', 'eth0');
  await run(command, net, 'ip', 'link', 'set', 'eth0', 'up');
}
