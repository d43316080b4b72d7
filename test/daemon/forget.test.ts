// A server is forgotten by the leader only, and not while it is in sync; whoever asks waits for a leader.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { askToForget } from '../../daemon/ask-to-forget.ts';
import { forgetServer } from '../../daemon/forget.ts';
import type { Host } from '../../daemon/host.ts';
import { type CommandAnswer, openHttp } from '../../daemon/ops/http.ts';
import type { RingInput } from '../../daemon/ring/state.ts';
import { builtInCluster } from '../../lib/cluster-file.ts';
import { RingStage } from '../support/ring-stage.ts';

/** What a server answers that leads with server1 in sync, leads without it, or has not led yet. */
function verdictOn(
  state: 'in sync' | 'away' | 'not leading',
  { server = 'server1', isBusy = false }: { server?: string; isBusy?: boolean } = {},
) {
  const stage = new RingStage();
  if (state !== 'not leading') {
    stage.hello('b1');
    stage.pass(100);
    const { promisedTerm: term } = stage.ring;
    stage.says({ type: 'promise', term, digest: '', base: null });
    if (state === 'away') stage.pass(10_000);
    assert.equal(stage.ring.phase, 'leading');
  }
  const asked: RingInput[] = [];
  const feedRing = (input: RingInput) => {
    asked.push(input);
    if (!isBusy) stage.ring.entryCount += 1;
  };
  const host: Partial<Host> = { feedRing };
  const verdict = forgetServer({ ring: stage.ring, host: host as Host }, { server, wallMs: 7 });
  return { ...verdict, asked };
}

test('who is away is forgotten, by an entry', () => {
  const { outcome, reason, asked } = verdictOn('away');
  assert.equal(outcome, 'done');
  assert.match(reason, /server1 is forgotten until it is in sync again/);
  const [input] = asked;
  assert.ok(input?.type === 'append' && asked.length === 1);
  assert.deepEqual(JSON.parse(input.body), { t: 'forget', s: 'server1', w: 7 });
});

test('a leader that takes nothing at the moment is to be asked again', () => {
  const { outcome, reason } = verdictOn('away', { isBusy: true });
  assert.equal(outcome, 'later');
  assert.match(reason, /busy/);
});

test('who is in sync, or none of the cluster, is not', () => {
  const rows = [
    [verdictOn('in sync'), /server1 is in sync: stop it first/],
    [verdictOn('away', { server: 'server9' }), /server9 is none of the cluster's servers/],
  ] as const;
  for (const [verdict, text] of rows) {
    assert.equal(verdict.outcome, 'refused');
    assert.match(verdict.reason, text);
    assert.deepEqual(verdict.asked, []);
  }
});

test('a server that does not lead sends elsewhere', () => {
  const { outcome, reason, asked } = verdictOn('not leading');
  assert.equal(outcome, 'later');
  assert.match(reason, /server2 does not lead; nobody it knows does/);
  assert.deepEqual(asked, []);
});

/**
 * Three servers of which the third, from one of its answers on, leads.
 * @param leadsFrom the first of its statuses, from 1, that says so
 * @param answers what it says to being told, one after another; the last again and again
 */
async function cluster(t: TestContext, leadsFrom: number, answers: readonly CommandAnswer[]) {
  let statuses = 0;
  let told = 0;
  const common = { host: '127.0.0.1', port: 0, ready: () => ({ ok: true, reason: '' }) };
  const forget = (): CommandAnswer => {
    told += 1;
    const answer = answers[Math.min(told, answers.length) - 1];
    assert.ok(answer);
    return answer;
  };
  const opened = await Promise.all(
    [1, 2, 3].map((position) =>
      openHttp({
        ...common,
        status: () => {
          if (position === 3) statuses += 1;
          return { phase: position === 3 && statuses >= leadsFrom ? 'leading' : 'following' };
        },
        forget,
      }),
    ),
  );
  t.after(() => Promise.all(opened.map((server) => server.close())));
  const { servers } = builtInCluster(8_000);
  const here = servers.map((server, index) => ({
    ...server,
    host: '127.0.0.1',
    httpPort: opened[index]?.port ?? 0,
  }));
  const [self] = here;
  assert.ok(self);
  return { cluster: { servers: here }, self, secret: null };
}

const DONE: CommandAnswer = { code: 200, body: { ok: true, reason: 'done' } };
const LATER: CommandAnswer = { code: 503, body: { ok: false, reason: 'server3 does not lead' } };
const REFUSED: CommandAnswer = { code: 409, body: { ok: false, reason: 'in sync' } };

test('whoever asks during a change of leader waits for its end, and is told so once', async (t) => {
  const config = await cluster(t, 3, [LATER, DONE]);
  const waiting: string[] = [];
  const outcome = await askToForget(config, { onWaiting: (reason) => waiting.push(reason) });
  assert.deepEqual(outcome, { text: 'done', code: 0 });
  assert.equal(waiting.length, 1);
  assert.match(waiting[0] ?? '', /nobody leads at present; asked 127\.0\.0\.1:\d+, /);
});

test('a cluster where nobody leads is given up in the end', async (t) => {
  const config = await cluster(t, Number.POSITIVE_INFINITY, [DONE]);
  const { text, code } = await askToForget(config, { patienceMs: 300 });
  assert.equal(code, 3);
  assert.match(text, /nobody leads at present/);
});

test('what is refused is not asked again', async (t) => {
  const config = await cluster(t, 1, [REFUSED, DONE]);
  assert.deepEqual(await askToForget(config), { text: 'in sync', code: 1 });
});

test('where no server answers there is nothing to wait for', async (t) => {
  const config = await cluster(t, 1, [DONE]);
  const servers = config.cluster.servers.map((server) => ({ ...server, httpPort: 1 }));
  const { text, code } = await askToForget({ ...config, cluster: { servers } });
  assert.equal(code, 3);
  assert.match(text, /no server answered; asked 127\.0\.0\.1:1, /);
});
