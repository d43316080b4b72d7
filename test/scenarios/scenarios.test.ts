// Each pitfall by name: what happens, step by step, and what comes of it, compared with a text in
// test/goldens. UPDATE_GOLDENS=1 writes the texts anew; what changed is then reviewed like code.
import { test } from 'node:test';
import { assertGolden } from '../support/golden.ts';
import { Scenario } from './scenario.ts';

const TWO_PEOPLE = { people: { ada: 'ada', ben: 'ben' } };

/** The post with this text is another one on the disk of server1. */
function damage(scenario: Scenario, text: string): void {
  const { disk } = scenario.server(1);
  for (const [stream, last] of disk.durable) {
    for (let sequence = 1; sequence <= last; sequence += 1) {
      const found = disk.memory.readEntry(stream, sequence)?.body.includes(`"${text}"`);
      if (found) disk.rot(stream, sequence, 0.5);
    }
  }
}

/** server1 follows server2, sees server3 again, which will not have it for a while, and refuses server2 for its sake. */
function refusedForAnother(): Scenario {
  const scenario = new Scenario(TWO_PEOPLE).start();
  const { cluster } = scenario;
  return scenario
    .split([3, 'ada'], [1, 2, 'ben'])
    .wait(3_000)
    .look()
    .step('the cable between server1 and server3 comes and goes, and stays', () => {
      for (let time = 1; time <= 5; time += 1) {
        cluster.network.heal('server1', 'server3');
        cluster.network.heal('server3', 'server1');
        cluster.run(700);
        if (time < 5) cluster.cutBoth('server1', 'server3');
        cluster.run(600);
      }
    })
    .say('ada', 'said to server3');
}

/** Ada says so many lines, one after the other. */
function sayMany(scenario: Scenario, count: number): void {
  scenario.step(`ada says ${count} lines`, () => {
    for (let line = 1; line <= count; line += 1) {
      scenario.cluster.clients[0]?.request({ type: 'post', room: 'general', text: `line ${line}` });
      scenario.wait(20);
    }
  });
}

const SCENARIOS: Readonly<Record<string, () => string>> = {
  'two leaders meet and merge': () =>
    new Scenario(TWO_PEOPLE)
      .start()
      .say('ada', 'before')
      .look()
      .split([1, 2, 'ben'], [3, 'ada'])
      .moment()
      .say('ada', 'on the side of server3')
      .say('ben', 'on the other side')
      .leads(2, 3)
      .look()
      .histories()
      .heal()
      .while()
      .leads(3)
      .look()
      .histories()
      .end(),

  'a split in one direction only': () => {
    const scenario = new Scenario().start().look();
    return scenario
      .step('server3 is heard by server2 no longer', () =>
        scenario.cluster.cut('server3', 'server2'),
      )
      .moment()
      .say('ada', 'one way')
      .look()
      .heal()
      .while()
      .look()
      .histories()
      .end();
  },

  'a partial split: two servers see a third, and not each other': () =>
    new Scenario()
      .start()
      .split([3], [2])
      .while()
      .leads(3)
      .say('ada', 'in between')
      .look()
      .heal()
      .while()
      .look()
      .histories()
      .end(),

  'a partial split: what was said on the far side reaches the others through one that sees both':
    () => {
      const scenario = new Scenario(TWO_PEOPLE)
        .start()
        .split([2, 'ben'], [3, 1, 'ada'])
        .moment()
        .say('ben', 'at server2, alone')
        .look();
      const { network } = scenario.cluster;
      const see = (one: string, other: string) => {
        network.heal(one, other);
        network.heal(other, one);
      };
      return scenario
        .step('server1 sees server2 again, and server3 does not', () => see('server1', 'server2'))
        .wait(5_000)
        .histories()
        .look()
        .heal()
        .while()
        .look()
        .histories()
        .end();
    },

  'a follower that falls silent again and again stays out, and the room goes on': () => {
    const scenario = new Scenario().start().look();
    const { cluster } = scenario;
    const views = () => scenario.server(3).running?.ring.installedTerm ?? 0;
    const before = views();
    scenario.step('server1 is not heard for 400 ms of every second, for half a minute', () => {
      for (let second = 0; second < 30; second += 1) {
        for (const other of ['server2', 'server3']) cluster.cutBoth('server1', other);
        cluster.run(400);
        cluster.healNetwork();
        cluster.run(600);
      }
    });
    return scenario
      .step(`meanwhile the view changed ${views() - before} times`)
      .look()
      .wait(10_000)
      .look()
      .end();
  },

  'after a cut of a minute TCP is silent for up to another, and nobody waits for that': () => {
    const people = { ada: 'ada' };
    const scenario = new Scenario({ people, retransmitMsMax: 60_000 }).start().look();
    const { cluster } = scenario;
    const others = ['server1', 'server2', 'ada'];
    return scenario
      .step('server3 is cut off for a minute', () => {
        for (const other of others) cluster.cutBoth('server3', other);
        cluster.run(60_000);
      })
      .look()
      .step('and is back', () => cluster.healNetwork())
      .say('ada', 'still here?')
      .wait(2_000)
      .look()
      .end();
  },

  'sign-ins that the network held back come after those that took their place': () => {
    const people = { ada: 'ada', ben: 'ben', cleo: 'cleo', dan: 'dan', eve: 'eve' };
    const scenario = new Scenario({ people, retransmitMsMax: 3_000 }).start().forget();
    const { clients } = scenario.cluster;
    return scenario
      .step('server2 hears none of the people, and the other servers are gone', () => {
        for (const { id } of clients) scenario.cluster.cut(id, 'server2');
        scenario.server(3).crash();
        scenario.server(1).crash();
      })
      .wait(4_000)
      .heal()
      .while()
      .say('ada', 'are all here?')
      .look()
      .step('server1 and server3 are started', () => {
        scenario.server(1).start();
        scenario.server(3).start();
      })
      .while()
      .end();
  },

  'the only copy of a post is damaged: what follows it reaches everyone': () => {
    const scenario = new Scenario(TWO_PEOPLE).start();
    for (let number = 1; number <= 5; number += 1) scenario.say('ada', `post ${number}`);
    return scenario
      .step('server2 and server3 lose their directories; post 2 is damaged on server1', () => {
        scenario.server(3).wipe();
        scenario.server(2).wipe();
        damage(scenario, 'post 2');
      })
      .while()
      .forget()
      .say('ada', 'post 6')
      .step('server2 and server3 are started, empty', () => {
        scenario.server(2).start();
        scenario.server(3).start();
      })
      .wait(20_000)
      .say('ben', 'post 7')
      .look()
      .histories()
      .end({ healed: false });
  },

  'a damaged post comes back with the server that has a copy of it': () => {
    const scenario = new Scenario(TWO_PEOPLE).start();
    scenario.step('server2 is down for a while', () => scenario.server(2).crash()).moment();
    for (let number = 1; number <= 5; number += 1) scenario.say('ada', `post ${number}`);
    return scenario
      .step('server3 dies; post 2 is damaged on server1', () => {
        scenario.server(3).crash();
        damage(scenario, 'post 2');
      })
      .while()
      .forget()
      .say('ada', 'post 6, server1 alone')
      .look()
      .step('server2 is back', () => scenario.server(2).start())
      .wait(10_000)
      .say('ben', 'post 7')
      .look()
      .histories()
      .step('server3 is back', () => scenario.server(3).start())
      .wait(20_000)
      .look()
      .histories()
      .end();
  },

  'a leader is killed': () => {
    const scenario = new Scenario().start().say('ada', 'one').look();
    return scenario
      .step('server3 is killed', () => scenario.server(3).crash())
      .wait(60)
      .say('ada', 'two')
      .leads(2)
      .look()
      .step('server3 is started', () => scenario.server(3).start())
      .while()
      .leads(3)
      .look()
      .histories()
      .end();
  },

  'a leader that leaves hands over': () => {
    const scenario = new Scenario().start().look();
    return scenario
      .step('server3 is asked to leave', () => scenario.server(3).drain())
      .wait(30)
      .say('ada', 'at once')
      .look()
      .step('server3 is started', () => scenario.server(3).start())
      .while()
      .look()
      .end();
  },

  'a leader that leaves does not keep the next one waiting for its disk': () => {
    const scenario = new Scenario().start().forget();
    return scenario
      .step('server3 has a slow disk, and is asked to leave', () => {
        scenario.server(3).diskMs = 400;
        scenario.server(3).drain();
      })
      .wait(60)
      .leads(2)
      .look()
      .while()
      .look()
      .end({ healed: false });
  },

  'a leader dies before its view is on its disk, and installs that term again alone': () => {
    const scenario = new Scenario().start().forget();
    const post = (text: string) =>
      scenario.cluster.clients[0]?.request({ type: 'post', room: 'general', text });
    return scenario
      .step('server1 is killed, and ada says "one"', () => {
        scenario.server(1).crash();
        post('one');
      })
      .wait(7)
      .step('server3 asks for a view, its disk is slow, and ada says "two"', () => {
        scenario.server(3).diskMs = 400;
        post('two');
      })
      .wait(20)
      .look()
      .step('server3 is killed, and started out of sight of server2', () => {
        scenario.server(3).crash('is killed in its commit', false);
        for (const id of ['server3', 'client0']) scenario.cluster.cutBoth('server2', id);
        scenario.server(3).diskMs = 0;
        scenario.server(3).start();
      })
      .while()
      .say('ada', 'three')
      .look()
      .histories()
      .step('server1 is started', () => scenario.server(1).start())
      .heal()
      .while()
      .look()
      .histories()
      .end();
  },

  'a follower has not heard that its leader leaves, and does not keep the next one waiting': () => {
    const scenario = new Scenario().start().forget();
    return scenario
      .step('server3 is heard by server1 no longer, and is asked to leave', () => {
        scenario.cluster.cut('server3', 'server1');
        scenario.server(3).drain();
      })
      .wait(60)
      .leads(2)
      .look()
      .end({ healed: false });
  },

  'the last server leads alone, and says that there is one copy': () => {
    const scenario = new Scenario().start().look();
    return scenario
      .step('server2 and server3 are killed', () => {
        scenario.server(2).crash();
        scenario.server(3).crash();
      })
      .moment()
      .say('ada', 'alone')
      .look()
      .step('both are started', () => {
        scenario.server(2).start();
        scenario.server(3).start();
      })
      .while()
      .say('ada', 'together')
      .look()
      .histories()
      .end();
  },

  'a stopped leader wakes with requests waiting: nothing stale is acknowledged': () => {
    const scenario = new Scenario(TWO_PEOPLE).start().look();
    return scenario
      .step('server3 is stopped', () => scenario.server(3).pause())
      .say('ada', 'to the stopped one')
      .moment()
      .say('ben', 'to the next one')
      .look()
      .step('server3 goes on', () => scenario.server(3).resume())
      .wait(300)
      .look()
      .while()
      .look()
      .histories()
      .end();
  },

  'a server that flaps is kept waiting, longer each time': () => {
    const scenario = new Scenario().start().look();
    for (let turn = 1; turn <= 4; turn += 1) {
      scenario
        .step(`server3 is lost to the others for half a second, the ${turn}. time`, () =>
          scenario.cluster.cutBoth('server3', 'server2'),
        )
        .step('', () => scenario.cluster.cutBoth('server3', 'server1'))
        .wait(500)
        .heal()
        .wait(turn === 1 ? 3_500 : 1_500)
        .look();
    }
    return scenario.while().look().end();
  },

  'the highest server returns with an empty disk': () => {
    const scenario = new Scenario().start().say('ada', 'kept').look();
    return scenario
      .step('server3 loses its disk', () => scenario.server(3).wipe())
      .moment()
      .look()
      .step('server3 is started', () => scenario.server(3).start())
      .wait(200)
      .say('ada', 'meanwhile')
      .look()
      .while()
      .look()
      .histories()
      .end();
  },

  'a server is refused for the sake of a leader that it does not see: it leads by itself': () =>
    refusedForAnother()
      .wait(4_500)
      .look()
      .say('ben', 'said to server2')
      .look()
      .wait(10_000)
      .look()
      .heal()
      .while()
      .look()
      .histories()
      .end(),

  'a server that was refused for the sake of another leader is followed when that one is gone':
    () => {
      const scenario = refusedForAnother();
      return scenario
        .wait(3_500)
        .look()
        .step('server3 is killed', () => scenario.server(3).crash())
        .wait(700)
        .look()
        .step('server3 is started', () => {
          scenario.cluster.healNetwork();
          scenario.server(3).start();
        })
        .while()
        .forget()
        .look()
        .histories()
        .end();
    },

  'with --min-copies 2 two servers with little go on beside one with much': () => {
    const limits = { catchUpEntriesMax: 5, pullEntriesMax: 1 };
    const scenario = new Scenario({ copiesMin: 2, limits }).start(1, 2);
    sayMany(scenario, 1_000);
    return scenario
      .forget()
      .step('both are killed, and server1 loses its disk', () => {
        scenario.server(1).crash();
        scenario.server(1).wipe();
        scenario.server(2).crash();
      })
      .step('server1 and server3 are started, with nothing', () => {
        scenario.server(1).start();
        scenario.server(3).start();
      })
      .while()
      .say('ada', 'in an empty house')
      .look()
      .step('server2 is started', () => scenario.server(2).start())
      .wait(1_500)
      .say('ada', 'still two copies')
      .look()
      .while()
      .forget()
      .look()
      .end();
  },

  'a server that is far behind loses sight of the others for a moment: it does not lead': () => {
    const limits = { catchUpEntriesMax: 5, pullEntriesMax: 1 };
    const scenario = new Scenario({ ...TWO_PEOPLE, limits }).start(1, 2);
    sayMany(scenario, 300);
    return scenario
      .forget()
      .step('server3 is started with nothing on its disk', () => scenario.server(3).start())
      .wait(120)
      .look()
      .split([3], [1, 2])
      .wait(400)
      .look()
      .heal()
      .wait(100)
      .look()
      .say('ada', 'is anybody there?')
      .look()
      .while()
      .look()
      .end();
  },

  'a server that led alone with little of the history joins when the others are back': () => {
    const limits = { catchUpEntriesMax: 5, pullEntriesMax: 1 };
    const scenario = new Scenario({ ...TWO_PEOPLE, limits }).start(1, 2);
    sayMany(scenario, 1_000);
    return scenario
      .forget()
      .step('server3 is started with nothing on its disk', () => scenario.server(3).start())
      .wait(120)
      .split([3, 'ben'], [1, 2, 'ada'])
      .wait(2_500)
      .look()
      .say('ben', 'alone here')
      .say('ada', 'all as ever')
      .look()
      .heal()
      .wait(1_300)
      .look()
      .say('ben', 'back again')
      .look()
      .while()
      .forget()
      .look()
      .end();
  },

  'a server that was stopped for long lets others lead until it has caught up': () => {
    const limits = { catchUpEntriesMax: 5, pullEntriesMax: 1 };
    const scenario = new Scenario({ limits }).start().look();
    scenario.step('server3 is stopped', () => scenario.server(3).pause()).while();
    sayMany(scenario, 300);
    return scenario
      .forget()
      .step('it goes on, and server2 is killed', () => {
        scenario.server(3).resume();
        scenario.cluster.run(100);
        scenario.server(2).crash();
      })
      .wait(300)
      .look()
      .say('ada', 'who leads?')
      .look()
      .step('server2 is started', () => scenario.server(2).start())
      .while()
      .forget()
      .look()
      .end();
  },

  'all start at once, the highest with an empty disk': () => {
    const scenario = new Scenario().start().say('ada', 'kept').look();
    const all = [1, 2, 3];
    return scenario
      .step('all are killed, and server3 loses its disk', () => {
        for (const number of all) scenario.server(number).crash();
        scenario.server(3).wipe();
      })
      .say('ada', 'typed meanwhile')
      .look()
      .step('all are started', () => {
        for (const number of all) scenario.server(number).start();
      })
      .while()
      .look()
      .histories()
      .end();
  },

  'a follower that starts anew with an empty disk is asked at once what it kept': () => {
    const scenario = new Scenario().start().say('ada', 'kept').look();
    return scenario
      .step('server2 loses its disk, and is back while server3 is stopped for a moment', () => {
        scenario.server(3).pause();
        scenario.server(2).wipe();
        scenario.server(2).start();
      })
      .wait(100)
      .step('server3 goes on', () => scenario.server(3).resume())
      .say('ada', 'at once')
      .wait(100)
      .look()
      .while()
      .look()
      .histories()
      .end();
  },

  'what a server that is away may lack is not pruned': () => {
    const retention = { retentionMs: 5_000, forgetAfterMs: 60_000 };
    const scenario = new Scenario({ retention }).start().say('ada', 'five seconds are enough');
    return scenario
      .look()
      .step('server1 is killed', () => scenario.server(1).crash())
      .say('ada', 'server1 has not heard this')
      .while()
      .histories()
      .step('server1 is started', () => scenario.server(1).start())
      .while()
      .say('ada', 'all are here')
      .histories()
      .step('server1 is killed, and is away for longer than it is waited for', () =>
        scenario.server(1).crash(),
      )
      .wait(70_000)
      .histories()
      .step('server1 is started', () => scenario.server(1).start())
      .while()
      .histories()
      .end();
  },

  'what a server brought that is gone again is shown all the same': () => {
    const scenario = new Scenario(TWO_PEOPLE).start().split([1, 2, 'ben'], [3, 'ada']).moment();
    return scenario
      .say('ada', 'on the side of server3')
      .say('ben', 'on the other side')
      .heal()
      .wait(500)
      .step('server3 is killed before it has led again', () => scenario.server(3).crash())
      .moment()
      .look()
      .wait(3_000)
      .look()
      .histories()
      .step('server3 is started', () => scenario.server(3).start())
      .while()
      .end();
  },

  'two people take one name on two sides': () =>
    new Scenario({ people: { ada: 'ada', first: 'sam', second: 'sam' } })
      .split([1, 2, 'second'], [3, 'first'])
      .start()
      .look()
      .say('first', 'I am sam')
      .say('second', 'so am I')
      .heal()
      .while()
      .look()
      .histories()
      .end(),

  'two rooms of one name are made on two sides': () => {
    const scenario = new Scenario(TWO_PEOPLE)
      .start()
      .look()
      .split([1, 2, 'ben'], [3, 'ada'])
      .moment();
    const make = (index: number) => () =>
      scenario.cluster.clients[index]?.request({ type: 'createRoom', name: 'ops' });
    return scenario
      .step('ada makes #ops', make(0))
      .wait(50)
      .step('ben makes #ops', make(1))
      .wait(50)
      .look()
      .heal()
      .while()
      .look()
      .end();
  },

  'with --min-copies 2 the smaller side of a split is read-only': () =>
    new Scenario({ ...TWO_PEOPLE, copiesMin: 2 })
      .start()
      .look()
      .split([1, 2, 'ben'], [3, 'ada'])
      .moment()
      .say('ada', 'on the smaller side')
      .say('ben', 'on the larger side')
      .look()
      .heal()
      .while()
      .look()
      .histories()
      .end(),

  'a full disk: the server leaves, and the room goes on': () => {
    const scenario = new Scenario().start().look();
    return scenario
      .step("server2's disk is full", () => {
        scenario.server(2).disk.refuses = 'full';
      })
      .say('ada', 'too much for server2')
      .moment()
      .look()
      .step('there is space again, and server2 is started', () => {
        scenario.server(2).disk.refuses = null;
        scenario.server(2).start();
      })
      .while()
      .look()
      .histories()
      .end();
  },

  'a disk that hangs: its server is left out, and comes back': () => {
    const scenario = new Scenario().start().look();
    scenario.step("server1's disk hangs", () => {
      scenario.server(1).slowDiskMs = 100_000;
    });
    scenario.say('ada', 'not for server1').wait(300).look();
    return scenario
      .step('server1 is started anew, with a sound disk', () => {
        const server = scenario.server(1);
        server.slowDiskMs = 0;
        server.crash();
        server.start();
      })
      .while()
      .look()
      .histories()
      .end();
  },

  'a slow disk: waited for, then left out, then admitted again after a while': () => {
    const scenario = new Scenario().start().look();
    scenario.step("server1's disk takes 600 ms for everything", () => {
      scenario.server(1).diskMs = 600;
    });
    for (let count = 1; count <= 20; count += 1) scenario.say('ada', `number ${count}`).wait(30);
    // Its server is tried again whenever it is heard: a look in between, when no view is being changed.
    scenario.wait(200).look();
    return scenario
      .step("server1's disk is as it was", () => {
        scenario.server(1).diskMs = 1;
      })
      .wait(5_000)
      .say('ada', 'after five seconds')
      .look()
      .wait(6_000)
      .say('ada', 'after ten seconds')
      .look()
      .end();
  },

  'clocks jump, and words keep their order': () => {
    const scenario = new Scenario().start().say('ada', 'one').look();
    return scenario
      .step("server3's clock is an hour ahead", () => {
        scenario.server(3).wallSkewMs = 3_600_000;
      })
      .say('ada', 'two')
      .step('server3 is killed; the clocks of the others are right', () =>
        scenario.server(3).crash(),
      )
      .moment()
      .say('ada', 'three')
      .step("server3's clock is an hour behind, and it is started", () => {
        scenario.server(3).wallSkewMs = -3_600_000;
        scenario.server(3).start();
      })
      .while()
      .say('ada', 'four')
      .look()
      .histories()
      .end();
  },

  'a request that both sides of a split stored is shown once': () => {
    const scenario = new Scenario().start().look();
    return scenario
      .step('server3 loses sight of the others as it takes a request, and then of ada', () => {
        for (const other of ['server1', 'server2']) scenario.cluster.cutBoth('server3', other);
      })
      .say('ada', 'said once')
      .step('', () => {
        const ada = scenario.cluster.clients[0]?.id ?? '';
        scenario.cluster.cutBoth('server3', ada);
      })
      .wait(1_000)
      .look()
      .histories()
      .heal()
      .while()
      .look()
      .histories()
      .end();
  },

  'what a session said keeps its order at a leader that never heard of it': () =>
    new Scenario(TWO_PEOPLE)
      .start()
      .split([1, 2, 'ben'], [3, 'ada'])
      .moment()
      .say('ada', 'first, at server3')
      .say('ada', 'second, at server3')
      .step('ada is at the other side now')
      .heal()
      .split([1, 2, 'ben', 'ada'], [3])
      .while()
      .say('ada', 'third, at server2')
      .look()
      .histories()
      .heal()
      .while()
      .look()
      .histories()
      .end(),

  'a server that lacks much catches up before it is in a view': () => {
    const scenario = new Scenario().start().look();
    scenario.step('server1 is stopped, and 1,500 things are said', () =>
      scenario.server(1).pause(),
    );
    scenario.moment();
    const [ada] = scenario.cluster.clients;
    for (let count = 1; count <= 1_500; count += 1) {
      ada?.request({ type: 'post', room: 'general', text: `number ${count}` });
      if (count % 50 === 0) scenario.wait(20);
    }
    scenario.while();
    scenario.forget();
    return scenario
      .look()
      .step('server1 goes on', () => scenario.server(1).resume())
      .wait(2_000)
      .look()
      .while()
      .look()
      .end();
  },
};

for (const [name, run] of Object.entries(SCENARIOS)) {
  test(name, () => assertGolden(`scenarios/${name.replaceAll(/[^a-z0-9]+/gi, '-')}`, run()));
}
