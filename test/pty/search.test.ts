// Search, in a real terminal: words, people, rooms, and the way to what was found and back.
import { testFlow } from '../support/flow.ts';
import { KEYS } from '../support/terminal.ts';

const CTRL_R = '\u0012';
const CTRL_U = '\u0015';

testFlow(
  'what was said is found by words, person and room, and gone to',
  { golden: 'search' },
  async (flow) => {
    flow.comes('bob');
    const ops = flow.creates('bob', 'ops');
    flow.comes('carol', 'ops');
    flow.says('carol', 'the backup of the ledger is done');
    for (let line = 1; line <= 150; line += 1) {
      if (line % 10 === 0) flow.later();
      flow.says('bob', `nothing to see ${line}`);
    }
    flow.says('bob', 'ledger: closed', ops);
    flow.later();
    flow.says('carol', 'who has the ledger?', ops);
    flow.types('/join ops');
    await flow.terminal.waitForText('#ops ❯');

    flow.keys(CTRL_R);
    await flow.shows('what can be asked', /from:bob in:#ops/);
    flow.keys('ledg');
    await flow.shows(
      'found by the beginning of a word, newest first',
      /ledger: closed.*#general carol/,
    );
    flow.keys(' from:carol');
    await flow.shows('and by who said it', /search ❯ ledg from:carol (?!.*closed)/);
    flow.keys(KEYS.down, KEYS.enter);
    await flow.shows(
      'gone to, in another room, far above',
      /backup of the ledger.*nothing to see 1 /,
    );
    flow.keys(KEYS.end);
    await flow.shows('and back to the end', /nothing to see 150/);
    flow.keys(CTRL_R, 'before:yesterday');
    await flow.shows('a day that is none is named', /search ❯ before:yesterday/);
    flow.keys(CTRL_U, 'kubernetes');
    await flow.shows('what nobody said', /nothing found/);
    flow.keys(KEYS.escape);
    await flow.shows('Esc closes it, the draft is empty as it was', /#general ❯/);
  },
);

testFlow(
  'what was said is found by its day, and each day stands under its own line',
  { golden: 'search-days' },
  async (flow) => {
    const minutesOfADay = 24 * 60;
    flow.comes('bob');
    flow.comes('carol');
    flow.says('bob', 'Mon: ledger');
    flow.later(minutesOfADay);
    flow.says('carol', 'Tue: ledger');
    flow.later(minutesOfADay);
    flow.says('bob', 'Wed: ledger');
    await flow.shows('three days', /Mon: .*Tue: .*Wed: /);
    flow.keys(CTRL_R, 'ledger after:2026-11-24');
    await flow.shows('from a day on', /❯ ledger after:2026-11-24 .*Wed:.*Tue:(?!.*Mon:)/);
    flow.keys(CTRL_U, 'ledger after:2026-11-24 before:2026-11-25');
    await flow.shows('between two days', /before:2026-11-25 (?!.*Wed:).*Tue:/);
    flow.keys(CTRL_U, 'ledger before:2026-11-24');
    await flow.shows('before a day', /❯ ledger before:2026-11-24 (?!.*Tue:).*Mon:/);
  },
);
