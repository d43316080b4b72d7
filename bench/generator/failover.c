// SIGKILL of the leader while everyone talks: each client goes to the next server, where it stands by already, and resumes
// there, as SyncNet's own client does. What is measured is what a client notices: how long until it is in again, how long nothing came, and
// whether anything is missing or came twice in the end.
#include "generator.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** Numbers of posts in one room that a run may reach. */
#define NUMBERS_MAX 65536
/** After the last message was sent, everything must have arrived in this time. */
#define SETTLE_MS 5000
/** Within which those who are back stand by once more, each at a time of its own: what a leader of 2,000 clients tells them (`spreadMs`). */
#define RETURN_SPREAD_NS (1000 * NS_PER_MS)
/** Clients looked at in one turn for that. */
#define LOOKED_AT 32

static histogram backs, gaps;
static uint64_t killed_ns;
static int back_count;

void prepare_failover(void) {
  for (int at = 0; at < conns_count; at++) {
    conns[at].memory = calloc(1, sizeof *conns[at].memory);
    if (conns[at].slot >= 0) conns[at].memory->seen = calloc(NUMBERS_MAX, 1);
  }
}

void lost(conn *c) {
  if (killed_ns == 0) fail("client %d: the server closed the connection before it was killed", c->index);
  struct memory *memory = c->memory;
  conn *spare = memory->spare;
  if (c->index >= conns_count) {
    close(c->fd);
    c->state = CLOSED;
  } else if (spare && spare->state == READY) {
    memcpy(memory->nonce, spare->memory->nonce, sizeof memory->nonce);
    memcpy(memory->server_id, spare->memory->server_id, sizeof memory->server_id);
    memcpy(memory->proof, spare->memory->proof, sizeof memory->proof);
    memory->asked = false;
    adopt(c, spare);
    sign_in_again(c);
  } else {
    memory->asked = false;
    reopen(c, (c->server + 1) % run.ports_count);
  }
}

void stand_by(conn *c) {
  conn *spare = c->memory->spare;
  if (c->server + 1 >= run.ports_count) return;
  if (!spare) {
    spare = c->memory->spare = calloc(1, sizeof *spare);
    spare->index = conns_count + c->index;
    spare->slot = -1;
    spare->memory = calloc(1, sizeof *spare->memory);
  } else if (spare->state != CLOSED) return;
  spare->in_length = spare->out_from = spare->out_to = 0;
  spare->server = c->server + 1;
  open_conn(spare);
}

void back(conn *c) {
  if (killed_ns > 0 && !c->memory->is_back) {
    c->memory->is_back = true;
    histogram_add(&backs, clock_ns() - killed_ns);
    back_count++;
  }
  for (uint64_t number = c->answered; number < c->sent; number++) send_again(c, number);
  flush(c);
  c->memory->stands_by_ns = clock_ns() + (uint64_t)rand() % RETURN_SPREAD_NS;
}

void stand_by_due(void) {
  static int next;
  const uint64_t at = clock_ns();
  for (int looked = 0; looked < LOOKED_AT && killed_ns > 0; looked++, next = (next + 1) % conns_count) {
    struct memory *memory = conns[next].memory;
    if (memory->stands_by_ns == 0 || memory->stands_by_ns > at) continue;
    memory->stands_by_ns = 0;
    stand_by(&conns[next]);
  }
}

void seen(conn *c, uint64_t number) {
  struct memory *memory = c->memory;
  if (!memory->seen || number >= NUMBERS_MAX) return;
  const uint64_t at = clock_ns();
  if (killed_ns > 0 && memory->last_ns > 0) {
    // What came before the kill counts from there: nobody missed anything until then.
    const uint64_t since = memory->last_ns > killed_ns ? memory->last_ns : killed_ns;
    if (at - since > memory->gap_ns) memory->gap_ns = at - since;
  }
  memory->last_ns = at;
  if (memory->seen[number] < 255) memory->seen[number]++;
  tally.deliveries++;
}

/** Whether everything was answered and has come to everyone. */
static bool is_settled(uint64_t *missing, uint64_t *twice) {
  uint64_t unanswered = 0;
  *missing = *twice = 0;
  for (int at = 0; at < conns_count; at++) {
    const conn *c = &conns[at];
    unanswered += c->sent - c->answered;
    if (!c->memory->seen) continue;
    // Number 1 made the room.
    for (uint64_t number = 2; number <= conns[rooms[c->room].senders_from].sent; number++) {
      *missing += c->memory->seen[number] == 0;
      *twice += c->memory->seen[number] > 1;
    }
  }
  return unanswered == 0 && *missing == 0;
}

void failover(void) {
  uint64_t missing = 0, twice = 0;
  tally.running = true;
  start_clock();
  if (!drive(run.warm_ms)) fail("nothing comes before the server is killed");
  print_begin("begin", 0);
  print_end();
  const uint64_t sent_before = messages_sent();
  const uint64_t from_ns = clock_ns();
  if (kill(run.victim, SIGKILL) < 0) fail("cannot kill %d", run.victim);
  killed_ns = clock_ns();
  drive(run.window_ms);
  print_begin("end", (double)(clock_ns() - from_ns) / 1e6);
  const uint64_t sent = messages_sent() - sent_before, stopped_ns = clock_ns();
  // What comes from now on comes late.
  uint64_t *heard_by = calloc((size_t)conns_count, sizeof *heard_by);
  for (int at = 0; at < conns_count; at++) heard_by[at] = conns[at].memory->last_ns;
  run.rate = 0;
  tally.running = false;
  for (int waited = 0; waited < SETTLE_MS && !is_settled(&missing, &twice); waited += 100) {
    for (uint64_t until_ns = clock_ns() + 100 * NS_PER_MS; clock_ns() < until_ns;) turn(10 * NS_PER_MS);
  }
  for (int at = 0; at < conns_count; at++) {
    const struct memory *memory = conns[at].memory;
    if (!memory->seen) continue;
    // Whoever heard nothing to the end missed at least that long.
    const uint64_t since = heard_by[at] > killed_ns ? heard_by[at] : killed_ns;
    const uint64_t last_gap = stopped_ns > since ? stopped_ns - since : 0;
    histogram_add(&gaps, last_gap > memory->gap_ns ? last_gap : memory->gap_ns);
  }
  printf(",\"clients\":%d,\"back\":%d,\"messages\":%lu,\"missing\":%lu,\"twice\":%lu", conns_count, back_count,
         (unsigned long)sent, (unsigned long)missing, (unsigned long)twice);
  print_histogram("backAfter", &backs);
  print_histogram("gap", &gaps);
  print_end();
}
