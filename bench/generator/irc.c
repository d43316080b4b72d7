// IRC, for ngircd and inspircd: registers, joins a channel, and talks into it.
#include "generator.h"
#include <stdio.h>
#include <string.h>

static void opened(conn *c) {
  c->state = GREETING;
  say_text(c, "NICK %s%d\r\nUSER bench 0 * :bench\r\n", settings.prefix, c->index);
}

static void take(conn *c, char *line, size_t length) {
  if (begins(line, length, "PING")) return say_text(c, "PONG%.*s\r\n", (int)length - 4, line + 4);
  if (begins(line, length, "ERROR")) fail("client %d: %.*s", c->index, (int)length, line);
  const char *space = memchr(line, ' ', length);
  if (!space || c->state == READY) return;
  size_t rest = length - (size_t)(space - line);
  // 376 and 422: the message of the day has ended, or there is none.
  if (c->state == GREETING && (begins(space, rest, " 376 ") || begins(space, rest, " 422 "))) {
    c->state = JOINING;
    say_text(c, "JOIN #%s\r\n", rooms[c->room].name);
  } else if (begins(space, rest, " 366 ")) ready(c);
  else if (c->state == JOINING && rest > 4 && space[1] == '4' && space[2] > '2' && space[2] <= '9') {
    fail("client %d: %.*s", c->index, (int)length, line);
  }
}

static size_t greet(conn *c, char *bytes, size_t length) { return lines(c, bytes, length, take); }

static size_t message(conn *c, char *to, uint64_t at_ns) {
  char *end = to + sprintf(to, "PRIVMSG #%s :", rooms[c->room].name);
  end += payload(end, at_ns);
  memcpy(end, "\r\n", 2);
  return (size_t)(end + 2 - to);
}

const protocol irc = {"irc", opened, greet, message, NULL};
