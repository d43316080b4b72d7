// The checker sees each thing that may go wrong, in histories made up for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEvidence, type Evidence, type Findings, isClean } from './checker.ts';

const SERVERS = ['server1', 'server2', 'server3'];

const sentPost = (sender: string, sequence: number) => ({
  sender,
  sequence,
  room: 'room',
  text: `${sender} ${sequence}`,
  answer: {
    type: 'stored' as const,
    number: sequence,
    id: `${sender}/${sequence}`,
    time: 0,
    order: '',
    copies: 3,
  },
});

const readPost = (text: string, place: number) => ({
  id: text.replace(' ', '/'),
  room: 'room',
  text,
  order: String(place).padStart(4, '0'),
});

const TEXTS = ['ann 1', 'bob 1', 'ann 2', 'ann 3', 'bob 2'];

/** Two senders, three histories and a reader, all of one mind. */
function goodEvidence(): Evidence {
  const posts = [
    ...[1, 2, 3].map((n) => sentPost('ann', n)),
    ...[1, 2].map((n) => sentPost('bob', n)),
  ];
  return {
    posts,
    histories: new Map(SERVERS.map((server) => [server, TEXTS.map(readPost)])),
    sightings: new Map([['reader1', TEXTS.map(readPost)]]),
    owedFrom: new Map(),
    refusable: ['storage-failed'],
    hashes: new Map(SERVERS.map((server) => [server, 'same'])),
  };
}

/** The good evidence, but server2 holds these in this order. */
const withHistory = (texts: readonly string[]): Evidence => ({
  ...goodEvidence(),
  histories: new Map([...goodEvidence().histories, ['server2', texts.map(readPost)]]),
});

const withAnswer = (text: string, answer: Evidence['posts'][number]['answer']): Evidence => {
  const good = goodEvidence();
  return {
    ...good,
    posts: good.posts.map((post) => (post.text === text ? { ...post, answer } : post)),
  };
};

test('nothing is found where every promise was kept', () => {
  const findings = checkEvidence(goodEvidence());
  assert.deepEqual(findings.lost, []);
  assert.equal(isClean(findings), true);
});

test('a reader who was told to ask for pages is owed only what was sent later', () => {
  const good = goodEvidence();
  const [first, second, ...later] = good.posts.map(({ text }) => text);
  const owedFrom = new Map([['reader1', 2]]);
  const shown = (texts: readonly (string | undefined)[]) =>
    checkEvidence({
      ...good,
      owedFrom,
      sightings: new Map([['reader1', texts.map((text, place) => readPost(text ?? '', place))]]),
    });
  assert.equal(isClean(shown(later)), true);
  const findings = shown([first, second, ...later.slice(1)]);
  assert.deepEqual(findings.unseen, [`${later[0]}: never shown to reader1`]);
});

const CASES: readonly {
  title: string;
  evidence: Evidence;
  list: keyof Findings;
  found: RegExp;
}[] = [
  {
    title: 'an acknowledged post that one server lacks is lost',
    evidence: withHistory(TEXTS.filter((text) => text !== 'ann 2')),
    list: 'lost',
    found: /^ann 2: not in the history of server2$/,
  },
  {
    title: 'a post that was shown and is in no history is lost, acknowledged or not',
    evidence: (() => {
      const evidence = withAnswer('bob 2', null);
      const without = TEXTS.filter((text) => text !== 'bob 2').map(readPost);
      return { ...evidence, histories: new Map(SERVERS.map((server) => [server, without])) };
    })(),
    list: 'lost',
    found: /^bob 2: not in the history of server1$/,
  },
  {
    title: 'a post that a history has twice is doubled',
    evidence: withHistory([...TEXTS, 'bob 1']),
    list: 'doubled',
    found: /^bob 1: 2 times in the history of server2$/,
  },
  {
    title: 'a post that a reader was shown twice is doubled',
    evidence: {
      ...goodEvidence(),
      sightings: new Map([['reader1', ['ann 1', 'ann 1'].map(readPost)]]),
    },
    list: 'doubled',
    found: /^ann 1: 2 times in what reader1 was shown$/,
  },
  {
    title: 'a post after a later one of its sender is disordered',
    evidence: withHistory(['ann 1', 'bob 1', 'ann 3', 'ann 2', 'bob 2']),
    list: 'disordered',
    found: /^ann 2: after ann 3 in the history of server2$/,
  },
  {
    title: 'a post that nobody sent is invented',
    evidence: withHistory([...TEXTS, 'eve 1']),
    list: 'invented',
    found: /^eve 1: in the history of server2, and nobody sent it$/,
  },
  {
    title: 'a post that was refused for good and is there all the same is invented',
    evidence: withAnswer('bob 1', {
      type: 'refused',
      number: 1,
      code: 'storage-failed',
      reason: 'disk',
    }),
    list: 'invented',
    found: /^bob 1: in the history of server1, and was refused as storage-failed$/,
  },
  {
    title: 'a post under another id than its acknowledgement told is invented',
    evidence: withAnswer('bob 1', { ...sentPost('bob', 1).answer, id: 'bob/9' }),
    list: 'invented',
    found: /as bob\/1, and was acknowledged as bob\/9$/,
  },
  {
    title: 'two hashes of the history are unequal',
    evidence: { ...goodEvidence(), hashes: new Map([...goodEvidence().hashes, ['server2', 'x']]) },
    list: 'unequal',
    found: /^hashes of the histories: /,
  },
  {
    title: 'two histories of the same posts at other places are unequal',
    evidence: withHistory(['bob 1', 'ann 1', 'ann 2', 'ann 3', 'bob 2']),
    list: 'unequal',
    found: /^server2 has 5 posts, server1 5; the first difference is 0000 bob\/1/,
  },
  {
    title: 'an acknowledged post that a reader was never shown is unseen',
    evidence: {
      ...goodEvidence(),
      sightings: new Map([['reader1', TEXTS.slice(1).map(readPost)]]),
    },
    list: 'unseen',
    found: /^ann 1: never shown to reader1$/,
  },
  {
    title: 'a refusal for which nothing gave a reason is found',
    evidence: (() => {
      const refusal = { code: 'out-of-sequence', reason: 'a gap' } as const;
      const evidence = withAnswer('ann 3', { type: 'refused', number: 3, ...refusal });
      const without = TEXTS.filter((text) => text !== 'ann 3').map(readPost);
      return {
        ...evidence,
        histories: new Map(SERVERS.map((server) => [server, without])),
        sightings: new Map([['reader1', without]]),
      };
    })(),
    list: 'refused',
    found: /^ann 3: out-of-sequence, a gap$/,
  },
  {
    title: 'a post that was never answered is found',
    evidence: withAnswer('ann 3', null),
    list: 'unanswered',
    found: /^ann 3$/,
  },
];

for (const { title, evidence, list, found } of CASES) {
  test(title, () => {
    const findings = checkEvidence(evidence);
    assert.match(findings[list][0] ?? 'nothing was found', found);
    assert.equal(isClean(findings), false);
  });
}
