// Bits of text: lines, fields of JSON, and what every message says.
#include "generator.h"
#include <stdio.h>
#include <string.h>

bool begins(const char *line, size_t length, const char *with) {
  size_t wanted = strlen(with);
  return length >= wanted && memcmp(line, with, wanted) == 0;
}

bool field(const char *line, size_t length, const char *name, char *to, size_t to_max) {
  char wanted[64];
  int wanted_length = snprintf(wanted, sizeof wanted, "\"%s\":\"", name);
  const char *at = memmem(line, length, wanted, (size_t)wanted_length);
  if (!at) return false;
  at += wanted_length;
  const char *end = memchr(at, '"', length - (size_t)(at - line));
  if (!end || (size_t)(end - at) >= to_max) return false;
  memcpy(to, at, (size_t)(end - at));
  to[end - at] = 0;
  return true;
}

size_t lines(conn *c, char *bytes, size_t length, void (*take)(conn *, char *, size_t)) {
  size_t from = 0;
  for (char *end; (end = memchr(bytes + from, '\n', length - from)); from = (size_t)(end - bytes) + 1) {
    size_t line = (size_t)(end - bytes) - from;
    if (line > 0 && bytes[from + line - 1] == '\r') line--;
    take(c, bytes + from, line);
  }
  return from;
}

size_t payload(char *to, uint64_t at_ns) {
  static const char words[] = " somebody says something of the usual length in a room where others read it, "
                              "and the others read it on their screens";
  static const char digits[] = "0123456789abcdef";
  to[0] = MARKER;
  for (int digit = 0; digit < STAMP_CHARS; digit++) to[STAMP_CHARS - digit] = digits[at_ns >> (4 * digit) & 15];
  for (int at = 1 + STAMP_CHARS, word = 0; at < settings.payload; at++, word++) {
    to[at] = words[word % (int)(sizeof words - 1)];
  }
  return (size_t)settings.payload;
}

static int hex(char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; }

uint64_t stamp_of(const char *marker) {
  uint64_t stamp = 0;
  for (int digit = 1; digit <= STAMP_CHARS; digit++) stamp = stamp << 4 | (uint64_t)hex(marker[digit]);
  return stamp;
}
