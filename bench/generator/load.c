// Who sends when: either as many messages of a room as are to be outstanding, or so many a second.
#include "generator.h"
#include <stdlib.h>

/** Answers may come in another order: times are kept for so many times the unanswered. */
#define TIMES (16 * UNANSWERED_MAX)

static int *touched, touched_count;

static void touch(int index) {
  if (!touched) touched = calloc((size_t)settings.rooms, sizeof *touched);
  if (rooms[index].touched) return;
  rooms[index].touched = true;
  touched[touched_count++] = index;
}

void delivered(conn *c, uint64_t count) {
  tally.deliveries += count;
  rooms[c->room].counts[c->slot] += count;
  touch(c->room);
}

static void answered_at(conn *c, uint64_t number) {
  c->answered++;
  if (!settings.acknowledged) return;
  tally.deliveries++;
  rooms[c->room].done++;
  touch(c->room);
  if (tally.measuring) histogram_add(&tally.latency, now_ns - c->sent_ns[number % TIMES]);
}

void answered(conn *c) { answered_at(c, c->answered); }

void answered_number(conn *c, uint64_t number) { answered_at(c, number); }

/** A sender of this room that may send now; NULL when none may. */
static conn *next_sender(room *r) {
  for (int tries = 0; tries < r->senders_count; tries++) {
    conn *c = &conns[r->senders_from + r->next_sender];
    r->next_sender = (r->next_sender + 1) % r->senders_count;
    if (c->state != READY || c->watches_out) continue;
    if (run.wire->hear && c->sent - c->answered >= UNANSWERED_MAX) continue;
    return c;
  }
  return NULL;
}

static void write_message(room *r, conn *c, uint64_t at_ns) {
  char *to = reserve(c, MESSAGE_BYTES_MAX);
  size_t length = run.wire->message(c, to, at_ns);
  if (!c->sent_ns) c->sent_ns = calloc(TIMES, sizeof *c->sent_ns);
  c->sent_ns[c->sent % TIMES] = at_ns;
  c->sent++;
  r->sent++;
  c->out_to += length;
}

void send_again(conn *c, uint64_t number) {
  const uint64_t sent = c->sent;
  c->sent = number;
  char *to = reserve(c, MESSAGE_BYTES_MAX);
  c->out_to += run.wire->message(c, to, c->sent_ns[number % TIMES]);
  c->sent = sent;
}

/** What everyone in the room has by now. */
static uint64_t done(const room *r) {
  if (settings.acknowledged) return r->done;
  uint64_t least = UINT64_MAX;
  for (int slot = 0; slot < r->receivers_count; slot++) {
    if (r->counts[slot] < least) least = r->counts[slot];
  }
  return least;
}

static void flush_senders(room *r) {
  for (int sender = 0; sender < r->senders_count; sender++) {
    conn *c = &conns[r->senders_from + sender];
    if (c->out_to > 0 && !c->watches_out) flush(c);
  }
}

/** Keeps as many messages of the room outstanding as are to be. */
void pump(room *r) {
  r->done = done(r);
  for (int more = run.window - (int)(r->sent - r->done); more > 0; more--) {
    conn *c = next_sender(r);
    if (!c) break;
    write_message(r, c, now_ns);
  }
  flush_senders(r);
}

void pump_touched(void) {
  for (int at = 0; at < touched_count; at++) {
    room *r = &rooms[touched[at]];
    r->touched = false;
    if (tally.running && run.rate == 0) pump(r);
  }
  touched_count = 0;
}

static uint64_t due_ns;

void start_clock(void) { due_ns = clock_ns(); }

uint64_t send_due(void) {
  const uint64_t every_ns = 1000000000ull / (uint64_t)run.rate;
  for (uint64_t at = clock_ns(); due_ns <= at; due_ns += every_ns, at = clock_ns()) {
    static int turn;
    room *r = &rooms[turn++ % run.talking_rooms];
    conn *c = next_sender(r);
    if (!c) continue;
    if (tally.measuring) histogram_add(&tally.lateness, at - due_ns);
    write_message(r, c, at);
    flush(c);
  }
  uint64_t at = clock_ns();
  return due_ns > at ? due_ns - at : 0;
}

uint64_t messages_sent(void) {
  uint64_t sum = 0;
  for (int at = 0; at < settings.rooms; at++) sum += rooms[at].sent;
  return sum;
}

