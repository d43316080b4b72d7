// etcd's Put over gRPC: just enough of HTTP/2 (RFC 9113) to send one fixed header block and one short body for each
// request, to keep the flow-control windows open, and to see that a stream ended with an answer in it.
#include "generator.h"
#include <stdio.h>
#include <string.h>

enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, PING = 6, GOAWAY = 7, WINDOW_UPDATE = 8 };
#define END_STREAM 1
#define END_HEADERS 4
#define ACK 1
#define FRAME_HEAD 9
/** Given back to the server whenever so many frames of answers were heard. */
#define WINDOW_BYTES (1 << 24)
#define KEYS 10000

static char *frame(char *to, size_t length, int type, int flags, uint32_t stream) {
  const unsigned char head[FRAME_HEAD] = {
      (unsigned char)(length >> 16), (unsigned char)(length >> 8), (unsigned char)length, (unsigned char)type,
      (unsigned char)flags, (unsigned char)(stream >> 24), (unsigned char)(stream >> 16),
      (unsigned char)(stream >> 8), (unsigned char)stream};
  memcpy(to, head, FRAME_HEAD);
  return to + FRAME_HEAD;
}

static void open_window(conn *c) {
  char bytes[FRAME_HEAD + 4], *end = frame(bytes, 4, WINDOW_UPDATE, 0, 0);
  memcpy(end, (char[]){WINDOW_BYTES >> 24, (char)(WINDOW_BYTES >> 16), (char)(WINDOW_BYTES >> 8), (char)WINDOW_BYTES}, 4);
  say(c, bytes, sizeof bytes);
}

static void opened(conn *c) {
  char settings_frame[FRAME_HEAD];
  c->state = GREETING;
  say_text(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  frame(settings_frame, 0, SETTINGS, 0, 0);
  say(c, settings_frame, FRAME_HEAD);
  open_window(c);
}

static void take(conn *c, const unsigned char *head, const unsigned char *body, size_t length) {
  int type = head[3], flags = head[4];
  uint32_t stream = (uint32_t)(head[5] & 127) << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8];
  char back[FRAME_HEAD + 8];
  if (type == SETTINGS && !(flags & ACK)) {
    frame(back, 0, SETTINGS, ACK, 0);
    say(c, back, FRAME_HEAD);
    if (c->state != READY) ready(c);
  } else if (type == PING && !(flags & ACK)) {
    memcpy(frame(back, 8, PING, ACK, 0), body, 8);
    say(c, back, sizeof back);
  } else if (type == HEADERS && (flags & END_STREAM)) {
    // An answer ends with trailers after its data; trailers alone, which begin with a status line, are a refusal.
    uint64_t number = (stream - 1) / 2;
    if (length > 0 && body[0] == 0x88) fail("client %d: etcd refuses a put", c->index);
    answered_number(c, number);
    if (number % 10000 == 0) open_window(c);
  } else if (type == RST_STREAM || type == GOAWAY) fail("client %d: etcd ends the stream %u", c->index, stream);
}

static size_t greet(conn *c, char *bytes, size_t length) {
  size_t at = 0;
  while (length - at >= FRAME_HEAD) {
    const unsigned char *head = (unsigned char *)bytes + at;
    size_t body = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
    if (length - at < FRAME_HEAD + body) break;
    take(c, head, head + FRAME_HEAD, body);
    at += FRAME_HEAD + body;
  }
  return at;
}

static size_t message(conn *c, char *to, uint64_t at_ns) {
  // HPACK: method POST and scheme http by their index, path and content-type with an indexed name, te in full; none
  // goes into the dynamic table.
  static const char block[] = "\x83\x86\x04\x14/etcdserverpb.KV/Put\x01\x09localhost"
                              "\x0f\x10\x10"
                              "application/grpc\x00\x02te\x08trailers";
  const size_t block_length = sizeof block - 1;
  uint32_t stream = (uint32_t)(2 * c->sent + 1);
  char *end = frame(to, block_length, HEADERS, END_HEADERS, stream);
  memcpy(end, block, block_length);
  end += block_length;
  char *data = end, *put = data + FRAME_HEAD + 5, *at = put;
  *at++ = 0x0a; // 1: key
  *at++ = 16;
  at += sprintf(at, "bench/%02d/%07lu", c->index % 100, (unsigned long)(c->sent % KEYS));
  *at++ = 0x12; // 2: value
  *at++ = (char)settings.payload;
  at += payload(at, at_ns);
  size_t length = (size_t)(at - put);
  frame(data, length + 5, DATA, END_STREAM, stream);
  memcpy(data + FRAME_HEAD, (char[]){0, 0, 0, (char)(length >> 8), (char)length}, 5);
  return (size_t)(at - to);
}

const protocol etcd = {"etcd", opened, greet, message, greet};
