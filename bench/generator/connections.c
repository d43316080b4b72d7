// Sockets: opened, written to, read from, all from one epoll. What is read by those who only receive is counted, not
// looked at.
#include "generator.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READ_BYTES (1 << 18)
#define EVENTS 512

conn *conns;
int conns_count, ready_count;
uint64_t now_ns;
struct tally tally;
static int opened_count, under_way, poller;
static char buffer[READ_BYTES];

void open_poller(void) { poller = epoll_create1(EPOLL_CLOEXEC); }

static void watch(conn *c, int operation) {
  struct epoll_event event = {.events = EPOLLIN | (c->watches_out ? EPOLLOUT : 0), .data.u32 = (uint32_t)c->index};
  if (epoll_ctl(poller, operation, c->fd, &event) < 0) fail("epoll: %s", strerror(errno));
}

void flush(conn *c) {
  while (c->out_from < c->out_to) {
    ssize_t taken = write(c->fd, c->out + c->out_from, c->out_to - c->out_from);
    if (taken < 0 && (errno == EAGAIN || errno == EINTR)) break;
    // The end of the connection is noticed where it is read.
    if (taken < 0 && c->memory) return;
    if (taken < 0) fail("client %d: write: %s", c->index, strerror(errno));
    c->out_from += (size_t)taken;
  }
  if (c->out_from == c->out_to) c->out_from = c->out_to = 0;
  bool wants = c->out_to > 0;
  if (wants == c->watches_out) return;
  c->watches_out = wants;
  watch(c, EPOLL_CTL_MOD);
}

char *reserve(conn *c, size_t length) {
  if (c->out_to + length > c->out_max) {
    c->out_max = 2 * (c->out_to + length);
    c->out = realloc(c->out, c->out_max);
    if (!c->out) fail("no memory");
  }
  return c->out + c->out_to;
}

void say(conn *c, const char *bytes, size_t length) {
  memcpy(reserve(c, length), bytes, length);
  c->out_to += length;
  flush(c);
}

void say_text(conn *c, const char *format, ...) {
  char text[1024];
  va_list words;
  va_start(words, format);
  int length = vsnprintf(text, sizeof text, format, words);
  va_end(words);
  say(c, text, (size_t)length);
}

void ready(conn *c) {
  if (c->state == READY) return;
  c->state = READY;
  if (c->memory && c->memory->was_in) return back(c);
  if (c->memory) {
    c->memory->was_in = true;
    stand_by(c);
  }
  ready_count++;
  under_way--;
  if (c->creates) rooms[c->room].exists = true;
  histogram_add(&tally.setup, clock_ns() - c->opened_ns);
}

void open_conn(conn *c) {
  struct sockaddr_in to = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)run.ports[c->server]),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int yes = 1;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) fail("socket: %s", strerror(errno));
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) {
    fail("connect: %s", strerror(errno));
  }
  c->state = CONNECTING;
  c->opened_ns = clock_ns();
  c->watches_out = true;
  watch(c, EPOLL_CTL_ADD);
}

void reopen(conn *c, int server) {
  close(c->fd);
  c->out_from = c->out_to = c->in_length = 0;
  c->server = server;
  open_conn(c);
}

void adopt(conn *c, conn *from) {
  close(c->fd);
  c->out_from = c->out_to = c->in_length = 0;
  c->fd = from->fd;
  c->server = from->server;
  c->watches_out = from->watches_out;
  c->state = GREETING;
  watch(c, EPOLL_CTL_MOD);
  from->fd = -1;
  from->state = CLOSED;
}

/** Whoever makes a room comes first; the others of a room wait for it. */
void open_more(int until) {
  while (opened_count < until && under_way < run.under_way_max) {
    conn *c = &conns[opened_count];
    if (!c->creates && !rooms[c->room].exists) return;
    opened_count++;
    under_way++;
    open_conn(c);
  }
}

/** One byte compared with one byte, and added up: the compiler makes vector instructions of it. */
static uint64_t count_markers(const char *bytes, size_t length) {
  uint64_t count = 0;
  while (length > 0) {
    size_t some = length < 128 ? length : 128;
    uint8_t few = 0;
    for (size_t at = 0; at < some; at++) few = (uint8_t)(few + (bytes[at] == MARKER));
    count += few;
    bytes += some;
    length -= some;
  }
  return count;
}

/** At a given rate messages come one by one, and each says when it was sent. */
static void time_messages(const char *bytes, size_t length) {
  const char *end = bytes + length;
  uint64_t heard_ns = clock_ns();
  for (const char *at = bytes; (at = memchr(at, MARKER, (size_t)(end - at))) && end - at > STAMP_CHARS; at++) {
    uint64_t sent_ns = stamp_of(at);
    if (tally.measuring && sent_ns < heard_ns) histogram_add(&tally.latency, heard_ns - sent_ns);
  }
}

/** Hands words to whoever takes them, keeping what is not whole yet. */
static void hand(conn *c, size_t (*take)(conn *, char *, size_t), char *bytes, size_t length) {
  if (c->in_length > 0) {
    if (c->in_length + length > c->in_max) {
      c->in_max = 2 * (c->in_length + length);
      c->in = realloc(c->in, c->in_max);
      if (!c->in) fail("no memory");
    }
    memcpy(c->in + c->in_length, bytes, length);
    bytes = c->in;
    length += c->in_length;
  }
  size_t taken = 0;
  for (size_t more = 1; more > 0 && taken < length; taken += more) more = take(c, bytes + taken, length - taken);
  size_t rest = length - taken;
  if (rest > c->in_max) {
    // Only now: `bytes` may be what is in there.
    c->in_max = 2 * rest;
    c->in = realloc(c->in, c->in_max);
    if (!c->in) fail("no memory");
  }
  if (rest > 0) memmove(c->in, bytes + taken, rest);
  c->in_length = rest;
}

static void hear(conn *c) {
  ssize_t length = read(c->fd, buffer, sizeof buffer);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0 && c->memory) return lost(c);
  if (length <= 0) fail("client %d: %s", c->index, length == 0 ? "the server closed the connection" : strerror(errno));
  size_t heard = (size_t)length;
  tally.bytes += heard;
  tally.last_heard_ns = now_ns;
  if (c->state != READY || c->memory) return hand(c, run.wire->greet, buffer, heard);
  if (c->slot >= 0) {
    uint64_t count = count_markers(buffer, heard);
    if (count > 0) delivered(c, count);
    if (run.rate > 0) time_messages(buffer, heard);
  }
  if (c->sends && run.wire->hear) hand(c, run.wire->hear, buffer, heard);
}

/** Those that stand by have the numbers behind those of the others. */
static conn *conn_of(uint32_t index) {
  return index < (uint32_t)conns_count ? &conns[index] : conns[index - (uint32_t)conns_count].memory->spare;
}

int person(const conn *c) { return c->index % conns_count; }

static void on_event(const struct epoll_event *event) {
  conn *c = conn_of(event->data.u32);
  if (c->state == CONNECTING) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error && c->memory) return lost(c);
    if (error) fail("client %d: connect: %s", c->index, strerror(error));
    c->watches_out = false;
    watch(c, EPOLL_CTL_MOD);
    c->state = GREETING;
    run.wire->opened(c);
    return;
  }
  if (event->events & EPOLLOUT) flush(c);
  if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) hear(c);
}

void turn(uint64_t wait_ns) {
  struct epoll_event events[EVENTS];
  struct timespec wait = {.tv_sec = (time_t)(wait_ns / 1000000000ull), .tv_nsec = (long)(wait_ns % 1000000000ull)};
  int count = epoll_pwait2(poller, events, EVENTS, &wait, NULL);
  if (count < 0 && errno != EINTR) fail("epoll: %s", strerror(errno));
  now_ns = clock_ns();
  for (int at = 0; at < count; at++) on_event(&events[at]);
  pump_touched();
  if (run.victim > 0) stand_by_due();
}

