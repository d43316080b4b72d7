// Deliberate mistakes in the cores, one at a time: each must be caught by a test, a scripted scenario or the simulator's
// checkers, or they would not see the real one either. An edit whose text is not found any more is an error, not a pass.

type Edits = readonly (readonly [find: string, replace: string])[];

export type Mutant = Readonly<{
  name: string;
  /** From the top of the package. */
  file: string;
  edits: Edits;
  /** Where one file is not enough. */
  alsoIn?: Readonly<{ file: string; edits: Edits }>;
  /** A test of its own, from the top of the package, for what the simulator passes over or cannot show. */
  test?: string;
}>;

const RING = 'daemon/ring';
const CHAT = 'daemon/chat';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'acknowledges before every in-sync server has it',
    file: `${RING}/replication.ts`,
    edits: [['if (peer) sequence = Math.min(sequence, peer.storedSequence);', '']],
  },
  {
    name: 'no catch-up at takeover',
    file: `${RING}/view-change.ts`,
    edits: [['([, digest]) => lackCount(ring.digest, digest) > 0,', '() => false,']],
  },
  {
    name: 'in sync without what it lacks',
    file: `${RING}/view-change.ts`,
    edits: [
      ['if (lacks === 0) preparing.ready.add(id);', 'if (lacks >= 0) preparing.ready.add(id);'],
    ],
  },
  {
    name: 'a lower server takes a higher one into its view',
    file: `${RING}/view-change.ts`,
    edits: [
      [
        'if (!peer || peer.ringPosition > ring.self.ringPosition) continue;',
        'if (!peer) continue;',
      ],
    ],
  },
  {
    name: 'a lower server may lead: its followers are not asked who leads',
    file: `${RING}/decide.ts`,
    edits: [
      [
        'if (leader && leader.ringPosition > ring.self.ringPosition) return;',
        'if (leader && nowMs < 0) return;',
      ],
      ['if (isOutranked(turn) || leaderByHearsay(turn)) return;', ''],
    ],
  },
  {
    name: 'keys without incarnation',
    file: `${RING}/entry.ts`,
    edits: [
      [
        'const id = `$\x7bterm}.$\x7bringPosition}.$\x7bincarnation}`;',
        'const id = `$\x7bterm}.$\x7bringPosition}.0000000000000000`;',
      ],
    ],
  },
  {
    name: 'entries stamped with the highest term seen',
    file: `${RING}/replication.ts`,
    edits: [['    term: view.term,\n    sequence', '    term: ring.termSeen,\n    sequence']],
  },
  {
    name: 'a leader ignores the views that its followers announce',
    file: `${RING}/decide.ts`,
    edits: [['if (nowMs - peer.astrayMs > PROMISE_PATIENCE_MS)', 'if (nowMs < 0)']],
    test: 'test/daemon/ring/astray.test.ts',
  },
  {
    name: 'a link that is silent after a cut is kept',
    file: `${RING}/ring.ts`,
    edits: [["turn.outputs.push({ type: 'renewLink', peer: peer.id });", '']],
    test: 'test/daemon/ring/stale-link.test.ts',
  },
  {
    name: 'what a peer said before it was lost still counts',
    file: `${RING}/failure-detector.ts`,
    edits: [['filter((id) => id !== ring.self.id)', 'filter((id) => id !== id.repeat(2))']],
    test: 'test/daemon/ring/stale-link.test.ts',
  },
  {
    name: 'a follower leaves its leader for a higher one that came into sight a moment ago',
    file: `${RING}/promises.ts`,
    edits: [['const leader = serves ? followed : highest;', 'const leader = highest;']],
    test: 'test/daemon/ring/split-over.test.ts',
  },
  {
    name: 'a promise to a higher one that is about to lead is broken for a lower one',
    file: `${RING}/promises.ts`,
    edits: [['if (isPromisedAbove(turn, asker))', 'if (turn.nowMs < 0)']],
    test: 'test/daemon/ring/split-over.test.ts',
  },
  {
    name: 'two leaders meet, and the higher one asks for promises at once',
    file: `${RING}/decide.ts`,
    edits: [['return followersInPlaceOf(turn, leader, asks) !== null;', 'return true;']],
    test: 'test/daemon/ring/split-over.test.ts',
  },
  {
    name: 'no pause guard',
    file: `${RING}/ring.ts`,
    edits: [['if (lateMs <= PAUSE_LATENESS_MS) return;', 'if (lateMs !== Number.NaN) return;']],
  },
  {
    name: 'commits while its view is unconfirmed',
    file: `${RING}/replication.ts`,
    edits: [
      [
        "if (ring.phase !== 'leading' || !ring.stream || !ring.view) return;\n  let",
        'if (!ring.stream || !ring.view) return;\n  let',
      ],
    ],
  },
  {
    name: 'a promise is not on disk before it is sent',
    file: `${RING}/view-change.ts`,
    edits: [
      [
        "turn.outputs.push({ type: 'saveRecord', installedTerm, promisedTerm: term, mayWait });",
        '',
      ],
    ],
  },
  {
    name: 'a follower says stored before its disk has it',
    file: `${RING}/replication.ts`,
    edits: [
      [
        "send(turn, from.id, { type: 'stored', term: message.term, sequence });",
        "turn.outputs.push({ type: 'sendNow', to: from.id, message: { type: 'stored', term: message.term, sequence } });",
      ],
    ],
  },
  {
    name: 'what relies on the disk is let out before the commit',
    file: 'daemon/host.ts',
    edits: [
      [
        '      world.flushPeers();\n      if (mayGoAhead',
        '      world.flushPeers();\n      for (const output of deferred.splice(0)) release(output);\n      if (mayGoAhead',
      ],
    ],
  },
  {
    name: 'entries that its own disk may not have are given away in the background',
    file: 'daemon/host.ts',
    edits: [[' && lackCount(output.digest, ring.digest) === 0;', ';']],
    test: 'test/daemon/host.test.ts',
  },
  {
    name: 'people are answered for what its own disk may not have',
    file: 'daemon/host.ts',
    edits: [[' && output.sequence <= sequenceOnDisk();', ';']],
  },
  {
    name: 'accepts a term that it promised before',
    file: `${RING}/promises.ts`,
    edits: [['if (term <= ring.promisedTerm) return', 'if (term < ring.promisedTerm) return']],
  },
  {
    name: 'appends of a lower term after a promise',
    file: `${RING}/replication.ts`,
    edits: [
      [
        'if (view?.term !== message.term || view.leader !== from.id || ring.promisedTerm !== message.term)\n    return;',
        '',
      ],
      ['if (tuple[0] !== view.term || tuple[1] !== from.ringPosition) return;', ''],
    ],
  },
  {
    name: 'installs a view that it did not promise',
    file: `${RING}/view-change.ts`,
    edits: [
      [
        'if (ring.promisedTerm !== term || ring.promisedTo !== from.id || ring.view !== null) return;',
        'if (ring.installedTerm > term) return;',
      ],
    ],
  },
  {
    name: 'old announcements are believed',
    file: `${RING}/ring.ts`,
    edits: [['if (announcement.version <= (from.announcement?.version ?? 0)) return;', '']],
    test: 'test/daemon/ring/announcement.test.ts',
  },
  {
    name: 'what came from elsewhere is shown when a view happens to begin',
    file: `${RING}/decide.ts`,
    edits: [
      [
        "return isShowingDue(turn) ? 'what came from elsewhere is to be shown' : null;",
        'return null;',
      ],
    ],
    test: 'test/daemon/ring/unshown.test.ts',
  },
  {
    name: 'whoever waits for what came from elsewhere waits until it is shown anyway',
    file: `${RING}/ring.ts`,
    edits: [['if (ring.unshown) ring.unshown.isAwaited = true;', '']],
    test: 'test/daemon/ring/unshown.test.ts',
  },
  {
    name: 'a link that falls silent while heartbeats go on is kept',
    file: `${RING}/ring.ts`,
    edits: [['isSound ? LINK_PATIENCE_MS', 'isSound ? Number.POSITIVE_INFINITY']],
    test: 'test/daemon/ring/stale-link.test.ts',
  },
  {
    name: 'after a pause of its own a server gives its links up',
    file: `${RING}/failure-detector.ts`,
    edits: [['if (isLinkSound(peer)) peer.linkHeardMs = nowMs;', '']],
    test: 'test/daemon/ring/stale-link.test.ts',
  },
  {
    name: 'two leaders wait for a server whose cable comes and goes',
    file: `${RING}/decide.ts`,
    edits: [['peer.unstableUntilMs - nowMs <= STABLE_MS', 'nowMs >= 0']],
    test: 'test/daemon/ring/split-over.test.ts',
  },
  {
    name: 'a follower that starts anew is not asked what it kept',
    file: `${RING}/ring.ts`,
    test: 'test/daemon/ring/new-boot.test.ts',
    edits: [['peer.boot = boot;\n  peer.announcement = null;', 'peer.boot = boot;']],
  },
  {
    name: 'the base of a view is not carried: a follower takes its own',
    test: 'test/daemon/ring/base.test.ts',
    file: `${RING}/view-change.ts`,
    edits: [
      [
        'saveBase(turn, stream, digestOf(message.base));',
        'saveBase(turn, stream, new Map(ring.digest));',
      ],
    ],
  },
  {
    name: 'what an earlier process of a follower stored is believed',
    file: `${RING}/ring.ts`,
    test: 'test/daemon/ring/new-boot.test.ts',
    edits: [['  peer.boot = boot;\n', '  peer.boot = boot;\n  if (peer.boot === boot) return;\n']],
  },
  {
    name: 'a server that lost its directory resumes from a cursor that it does not know',
    file: `${CHAT}/missed.ts`,
    edits: [['    if (!base) return null;', '    if (!base) return [];']],
  },
  {
    name: 'in sync with an empty new directory',
    file: `${RING}/ring.ts`,
    test: 'test/daemon/ring/new-boot.test.ts',
    edits: [
      [
        '  if (peer.boot === boot) return;',
        '  if (peer.boot === boot || peer.boot !== "") return;',
      ],
    ],
    alsoIn: {
      file: `${RING}/view-change.ts`,
      edits: [
        [
          'if (ring.promisedTerm !== term || ring.promisedTo !== from.id || ring.view !== null) return;',
          'if (ring.promisedTerm > term || ring.view !== null) return;\n  ring.promisedTerm = term;',
        ],
      ],
    },
  },
  {
    name: 'hybrid time not above what is held',
    file: `${RING}/replication.ts`,
    edits: [['Math.max(wallMs, ring.hlcMs, above.ms)', 'wallMs']],
  },
  {
    name: 'truncation at the merge: what the leader does not hold is cut off',
    file: `${RING}/view-change.ts`,
    edits: [
      ['([, digest]) => lackCount(ring.digest, digest) > 0,', '() => false,'],
      [
        '  saveBase(turn, stream, digestOf(message.base));\n  log(',
        '  const cut = digestOf(message.base);\n  for (const id of ring.digest.keys()) if (!cut.has(id)) ring.digest.delete(id);\n  saveBase(turn, stream, cut);\n  log(',
      ],
    ],
    alsoIn: {
      file: `${RING}/catch-up.ts`,
      edits: [
        [
          '  const source = pullSource(turn);',
          "  if (ring.phase === 'leading') return;\n  const source = pullSource(turn);",
        ],
      ],
    },
  },
  {
    name: 'whoever is refused for the sake of a leader out of sight asks for ever',
    file: `${RING}/view-change.ts`,
    edits: [["if (message.reason === 'better-leader') noteElsewhere(turn, from);", '']],
  },
  {
    name: 'whoever is far behind leads as soon as nobody is in sight',
    file: `${RING}/catch-up.ts`,
    edits: [['nowMs - peer.reachedMs <= JOINING_PATIENCE_MS', 'isReachable(ring, peer, nowMs)']],
  },
  {
    name: 'whoever led alone with little leads on when the others are back',
    file: `${RING}/catch-up.ts`,
    edits: [['if (!ahead) return;', 'if (!ahead || leads) return;']],
  },
  {
    name: 'whoever was stopped for long is in the way of those who went on',
    file: `${RING}/catch-up.ts`,
    edits: [['if (!ahead) return;', 'if (!ahead || !leads) return;']],
  },
  {
    name: 'a post overtakes what its sender asked before',
    file: `${CHAT}/held.ts`,
    test: 'test/daemon/chat/crowd.test.ts',
    edits: [['chat.heldOf.has(connection)', 'false']],
  },
  {
    name: 'what comes along behind a sign-in is stored beside what is held of its session',
    file: `${CHAT}/held.ts`,
    test: 'test/daemon/chat/requests.test.ts',
    edits: [["'sessionId' in wanted && wanted.sessionId === session", "session === ''"]],
  },
  {
    name: 'numbers with gaps are taken',
    file: `${CHAT}/requests.ts`,
    test: 'test/daemon/chat/requests.test.ts',
    edits: [['if (number !== expected) {', 'if (number < expected) {']],
  },
  {
    name: 'both copies of a retry are shown',
    file: 'daemon/store/memory-store.ts',
    edits: [['if (loser) loser.hidden = true;', '']],
  },
  {
    name: 'stamps of clients are ignored',
    file: `${CHAT}/sign-in.ts`,
    edits: [['chat.parts.secrets.openStamp(', '((_: string) => null)(']],
  },
  {
    name: 'a resumption sends nothing',
    file: `${CHAT}/missed.ts`,
    edits: [
      ['const seen = new Map(base);', 'const seen = new Map([...base, ...this.reader.digest()]);'],
    ],
  },
  {
    name: 'what a merge brought is not shown',
    file: `${CHAT}/delivery.ts`,
    edits: [
      [
        'for (const added of all) show(chat, added, !made(added.entry));',
        'for (const added of all) if (made(added.entry)) show(chat, added, false);',
      ],
    ],
  },
  {
    name: 'what is not committed is shown',
    file: `${CHAT}/state.ts`,
    edits: [
      ['if (streamIdOf(entry) === chat.stream) return entry.sequence <= chat.committed;', ''],
    ],
  },
  {
    name: 'fewer copies than demanded acknowledge',
    file: `${CHAT}/state.ts`,
    edits: [['return copies >= copiesMin;', 'return copies >= Math.min(1, copiesMin);']],
  },
  {
    name: 'a cursor goes out for what is withheld',
    file: `${CHAT}/messages.ts`,
    edits: [['if (!hasCopies(chat)) return {};', '']],
  },
  {
    name: 'of single values the last to arrive counts',
    file: `${CHAT}/register.ts`,
    edits: [['else if (next.place > last.place) this.last = next;', 'else this.last = next;']],
  },
  {
    name: 'damaged entries are served',
    file: 'daemon/store/memory-store.ts',
    edits: [['sequence, kind });\n    return null;', 'sequence, kind });\n    return entry;']],
  },
  {
    name: 'damage is not noticed',
    file: 'daemon/store/damage.ts',
    edits: [['entryHashText(entry) === stored.hash', 'entryHashText(entry).length > 0']],
  },
  {
    name: 'a repaired entry is not told to the chat',
    file: 'daemon/host.ts',
    edits: [["feedChat({ type: 'repaired', entry: stored.entry, leftOut });", 'void leftOut;']],
  },
  {
    name: 'a repaired entry does not move the clock',
    file: 'daemon/host.ts',
    edits: [['noteTime(ring, stored.entry);', '']],
    test: 'test/daemon/host.test.ts',
  },
  {
    name: 'the promise to the heir of a leader that leaves is not on disk before it is sent',
    file: `${RING}/view-change.ts`,
    edits: [['promise(turn, term, to.id);', 'promise(turn, term, to.id, true);']],
    test: 'test/daemon/ring/hand-over.test.ts',
  },
  {
    name: 'the heir of a leader that is not followed is promised what was promised to another',
    file: `${RING}/hand-over.ts`,
    edits: [['if (!follows(ring, leader) || ring.draining', 'if (ring.draining']],
    test: 'test/daemon/ring/hand-over.test.ts',
  },
  {
    name: 'the newest post of a room is the one that was found first',
    file: 'daemon/store/sqlite-store.ts',
    edits: [['this.latestPlaces.set(room, place);', 'return;']],
    test: 'test/daemon/store/store.test.ts',
  },
  {
    name: 'what a peer announces is no reason to say anything',
    file: `${RING}/say.ts`,
    edits: [
      [
        'peer.spoken.heard === heard && peer.spoken.announcement === announcement',
        'peer.spoken.heard === heard',
      ],
    ],
    test: 'test/daemon/ring/say.test.ts',
  },
  {
    name: 'the successor of a leader that leaves does not say so',
    file: `${RING}/view-change.ts`,
    edits: [['{ ...message, resigned: given.from.id }', 'message']],
  },
  {
    name: 'whoever comes late is believed that a leader leaves',
    file: `${RING}/view-change.ts`,
    edits: [['if (leader && isNews) noteResigned', 'if (leader) noteResigned']],
    test: 'test/daemon/ring/hand-over.test.ts',
  },
  {
    name: 'a sign-in that comes late takes its session back',
    file: `${CHAT}/sign-in.ts`,
    edits: [["if (isOutdated) return close(chat, connection, 'session-elsewhere');", '']],
  },
  {
    name: 'what comes behind a refused request is stored at once',
    file: `${CHAT}/requests.ts`,
    edits: [
      [
        'if (message.lowest <= refusedForGood && refusedForGood < number)',
        'if (message.lowest < 0)',
      ],
    ],
    test: 'test/daemon/chat/requests.test.ts',
  },
  {
    name: 'a repeat is answered before its entry is committed',
    file: `${CHAT}/requests.ts`,
    edits: [
      ['if (!isShown(chat, entry)) {\n    chat.waiting.set', 'if (!entry) {\n    chat.waiting.set'],
    ],
  },
  {
    name: 'everyone may see the conversations of two',
    file: `${CHAT}/fold.ts`,
    edits: [['return room?.direct && !room.members.has(account) ? null : room;', 'return room;']],
    test: 'test/daemon/chat/direct.test.ts',
  },
  {
    name: 'the last marker counts, not the furthest',
    file: `${CHAT}/read-markers.ts`,
    edits: [["if (order <= (this.of(account, room) ?? '')) return false;", '']],
    test: 'test/daemon/chat/fold.test.ts',
  },
  {
    name: 'whoever opens a conversation of two has it for themselves',
    file: 'lib/ids.ts',
    edits: [["[one, other].sort().join('\\n')", "[one, other].join('\\n')"]],
    test: 'test/daemon/chat/direct.test.ts',
  },
  {
    name: 'what a page took away from a screen is not put in again',
    file: 'tui/state/rooms.ts',
    edits: [['const isMissing = view.loaded && ', 'const isMissing = !view && ']],
    test: 'test/tui/state/merged.test.ts',
  },
  {
    name: 'the lower copy that a change tells of is told of in the place of the higher one',
    file: 'lib/client/numbered.ts',
    edits: [['if (known < post.order)', 'if (known)']],
    test: 'test/lib/client/session.test.ts',
  },
  {
    name: 'what was proved of one name counts for every name',
    file: 'daemon/chat/sign-in.ts',
    edits: [
      [
        "const PROVED = ['key', 'name', 'session', 'signature'] as const;",
        "const PROVED = ['key'] as const;",
      ],
    ],
    test: 'test/daemon/chat/crowd.test.ts',
  },
  {
    name: 'who comes back is told a post as it was told to the one before, though it was edited',
    file: 'daemon/chat/delivery.ts',
    edits: [["if (body.t !== 'post' && body.t !== 'read') chat.changes += 1;", '']],
    test: 'test/daemon/chat/crowd.test.ts',
  },
  {
    name: 'a replayed heartbeat is accepted',
    file: 'daemon/net/heartbeat-socket.ts',
    edits: [["if (!isFresh(sender, counter)) return 'replayed';", '']],
    test: 'test/daemon/net/heartbeat-socket.test.ts',
  },
  {
    name: 'prunes above the frontier: servers that are away are not waited for',
    file: 'daemon/retention.ts',
    edits: [['return wallMs - seenMs <= settings.forgetAfterMs;', 'return wallMs < 0;']],
    test: 'test/daemon/retention.test.ts',
  },
];
