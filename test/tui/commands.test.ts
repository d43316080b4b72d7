import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInput } from '../../tui/commands.ts';

const command = (value: object) => ({ type: 'command', command: value });

const UNDERSTOOD: readonly (readonly [string, object])[] = [
  ['hello', { type: 'post', text: 'hello' }],
  ['//etc/hosts', { type: 'post', text: '/etc/hosts' }],
  ['/create ops', command({ type: 'create', name: 'ops', topic: '' })],
  ['/create #Ops Incident room', command({ type: 'create', name: 'ops', topic: 'Incident room' })],
  ['/join #ops', command({ type: 'join', name: 'ops' })],
  ['/JOIN ops', command({ type: 'join', name: 'ops' })],
  ['/join ops~aB3d', command({ type: 'join', name: 'ops~aB3d' })],
  ['/leave', command({ type: 'leave', name: '' })],
  ['/part #ops', command({ type: 'leave', name: 'ops' })],
  ['/names ops', command({ type: 'who', name: 'ops' })],
  ['/topic what we do', command({ type: 'topic', topic: 'what we do' })],
  ['/nick bob', command({ type: 'nick', name: 'bob' })],
  ['/3', command({ type: 'room', number: 3 })],
  ['/kill server3', command({ type: 'server', verb: 'kill', id: 'server3' })],
];
for (const [text, parsed] of UNDERSTOOD) {
  test(`${text} is understood`, () => assert.deepEqual(parseInput(text, true), parsed));
}

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['/jion ops', /did you mean \/join\?/],
  ['/hlep', /did you mean \/help\?/],
  ['/frobnicate', /\/help lists them/],
  ['/', /no command \//],
  ['/join', /which room\? such as #ops/],
  ['/join a b', /a b is no room name: letters, digits, _ - \. without spaces/],
  ['/nick a b', /a b is no name: letters, digits, _ - \. without spaces/],
  ['/nick', /which name\? \/nick NAME/],
  ['/create "my room"', /"my is no room name: letters/],
  ['/rooms now', /\/rooms takes nothing behind it/],
  ['/exit now', /\/exit takes nothing behind it/],
  ['/leave a b', /a b is no room name/],
  ['/constructor', /no command/],
];
for (const [text, reason] of REFUSED) {
  test(`${text} is refused and not posted`, () => {
    const parsed = parseInput(text, true);
    assert.equal(parsed.type, 'wrong');
    assert.match(parsed.type === 'wrong' ? parsed.reason : '', reason);
  });
}

test('/kill is refused where this screen started no servers', () => {
  assert.equal(parseInput('/kill server3', false).type, 'wrong');
});
