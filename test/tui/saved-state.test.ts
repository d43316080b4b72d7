// What a screen keeps on the disk: by name, in one file.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lastName, loadSaved } from '../../tui/saved-state.ts';
import type { Action } from '../../tui/state/action.ts';
import { keepSaved, type Source } from '../../tui/store.ts';
import { room, ScreenStory } from '../support/screen-story.ts';

const ROOMS = [room('general'), room('ops')];

test('drafts go along with another name, and do not come back with the one before', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'syncnet-saved-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const story = new ScreenStory().signedIn(ROOMS);
  const listeners = new Set<(action: Action) => void>();
  const source: Source = {
    model: () => story.model,
    dispatch: (action) => void story.do(action),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  /** A while passes after a change. */
  const settle = () => {
    for (const listener of listeners) listener({ type: 'tick' });
    t.mock.timers.tick(1_000);
  };
  const draftOf = (name: string) => loadSaved(folder, name).rooms.general?.draft;
  const stop = keepSaved(source, folder);

  story.type('half a thought');
  settle();
  assert.deepEqual([draftOf('alice'), lastName(folder)], ['half a thought', 'alice']);
  story.hearRooms(ROOMS, { account: 'z'.repeat(16), name: 'zed' });
  settle();
  assert.deepEqual([draftOf('zed'), draftOf('alice')], ['half a thought', '']);
  story.keys('ctrl+u');
  stop();
  assert.equal(draftOf('zed'), '');
  assert.equal(lastName(folder), 'zed');
});
