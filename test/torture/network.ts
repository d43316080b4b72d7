// A network of its own for the tortured servers: each in a namespace, with a cable to one bridge; this process,
// and with it the clients, on the bridge. It lives in the namespace that enclosure.ts made, so that nothing of
// the machine's own network is touched, and all of it vanishes with this process.
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { type Cut, packetsOf, type Rule, rulesOf, type Slowness } from './cuts.ts';
import type { Place } from './servers.ts';
import { openSlowWire } from './slow-wire.ts';

export type Network = Readonly<{
  place: Place;
  /** @returns what undoes it, and says whether any traffic met it */
  apply(cut: Cut): Promise<() => Promise<boolean>>;
}>;

/** Private addresses (RFC 1918); nothing outside the namespaces sees them. */
const HOST_PREFIX = '10.77.0.';
const HUB = `${HOST_PREFIX}254`;
const PORT_BASE = 8000;
/** Longer than the pause between two heartbeats over a link: every connection has said something. */
const RESET_MS = 200;

async function run(command: string, ...words: string[]): Promise<void> {
  await execa(command, words);
}

const within = (id: string) => ['nsenter', `--net=/run/netns/${id}`] as const;

/** Inside the enclosure only. */
export async function openNetwork(ids: readonly string[]): Promise<Network> {
  const network = new Namespaces(ids);
  await run('ip', 'link', 'set', 'lo', 'up');
  await run('ip', 'link', 'add', 'hub', 'type', 'bridge');
  await run('ip', 'address', 'add', `${HUB}/24`, 'dev', 'hub');
  await run('ip', 'link', 'set', 'hub', 'up');
  for (const id of ids) await network.plugIn(id);
  return network;
}

class Namespaces implements Network {
  readonly place: Place;
  private readonly ids: readonly string[];
  /** Pulled twice at a time, a cable is back when both let go of it. */
  private readonly pulls = new Map<string, number>();
  private zones = 0;

  constructor(ids: readonly string[]) {
    this.ids = ids;
    const hostOf = (number: number) => `${HOST_PREFIX}${number}`;
    this.place = { portBase: PORT_BASE, hostOf, prefixOf: within };
  }

  private hostOf(id: string): string {
    return this.place.hostOf(this.ids.indexOf(id) + 1);
  }

  /** A namespace with one cable to the bridge. */
  async plugIn(id: string): Promise<void> {
    const [command, net] = within(id);
    const cable = `to-${id}`;
    await run('ip', 'netns', 'add', id);
    await run('ip', 'link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', id);
    await run('ip', 'link', 'set', cable, 'master', 'hub', 'up');
    await run(command, net, 'ip', 'link', 'set', 'lo', 'up');
    await run(command, net, 'ip', 'address', 'add', `${this.hostOf(id)}/24`, 'dev', 'eth0');
    await run(command, net, 'ip', 'link', 'set', 'eth0', 'up');
  }

  async apply(cut: Cut): Promise<() => Promise<boolean>> {
    switch (cut.type) {
      case 'cable':
        return await this.pull(cut.at);
      case 'slow':
        return await this.slow(cut);
      default:
        return await this.impose(rulesOf(cut, { of: (id) => this.hostOf(id), clients: HUB }));
    }
  }

  private async pull(id: string): Promise<() => Promise<boolean>> {
    const change = async (by: 1 | -1) => {
      const count = (this.pulls.get(id) ?? 0) + by;
      this.pulls.set(id, count);
      await run('ip', 'link', 'set', `to-${id}`, count > 0 ? 'down' : 'up');
    };
    await change(1);
    return async () => {
      await change(-1);
      return true;
    };
  }

  private async impose(rules: readonly Rule[]): Promise<() => Promise<boolean>> {
    const change = async (action: '-A' | '-D') => {
      for (const { at, table, words } of rules) {
        const [command, net] = within(at);
        await run(command, net, 'iptables', '-w', '-t', table, action, ...words);
      }
    };
    await change('-A');
    return async () => {
      let packets = 0;
      for (const rule of rules) packets += await this.packetsAt(rule);
      await change('-D');
      return packets > 0;
    };
  }

  /** How many packets met a rule, and others of its chain that ask for the same address and do the same. */
  private async packetsAt({ at, table, words }: Rule): Promise<number> {
    const [command, net] = within(at);
    const [chain = ''] = words;
    const list = ['iptables', '-w', '-t', table, '-v', '-S', chain];
    const { stdout } = await execa(command, [net, ...list]);
    return packetsOf(stdout, words);
  }

  private async slow(cut: Extract<Cut, { type: 'slow' }>): Promise<() => Promise<boolean>> {
    const there = await this.detour(cut.at, cut.from, cut.slowness);
    const back = await this.detour(cut.from, cut.at, cut.slowness);
    // Connections that are open keep their way: they are reset, and the new ones take the other.
    const lift = await this.apply({ ...cut, type: 'reset' });
    await delay(RESET_MS);
    await lift();
    return async () => {
      const felt = [await there(), await back()];
      return felt.includes(true);
    };
  }

  /**
   * What one server sends to another goes through this process from its next connection on. A flow that is
   * known to the kernel keeps its way, so each detour has a zone of its own for the flows it knows: in it all
   * are new, and none is left of it afterwards.
   */
  private async detour(
    by: string,
    to: string,
    slowness: Slowness,
  ): Promise<() => Promise<boolean>> {
    const host = this.hostOf(to);
    const index = this.ids.indexOf(to);
    const ports = { tcp: PORT_BASE + 10 + index, udp: PORT_BASE + 20 + index };
    const wire = await openSlowWire({ host: HUB, target: { host, ...ports }, slowness });
    this.zones += 1;
    const zone = ['-j', 'CT', '--zone', String(this.zones)];
    const rules = (['tcp', 'udp'] as const).flatMap((protocol): Rule[] => {
      const there = ['OUTPUT', '-p', protocol, '-d', host, '--dport', String(ports[protocol])];
      const back = ['PREROUTING', '-p', protocol, '-s', HUB, '--sport', String(wire[protocol])];
      const instead = ['-j', 'DNAT', '--to-destination', `${HUB}:${wire[protocol]}`];
      return [
        { at: by, table: 'raw', words: [...there, ...zone] },
        { at: by, table: 'raw', words: [...back, ...zone] },
        { at: by, table: 'nat', words: [...there, ...instead] },
      ];
    });
    const lift = await this.impose(rules);
    return async () => {
      wire.close();
      await lift();
      return wire.heldUpCount() > 0;
    };
  }
}
