// Ed25519 through libcrypto, found when it is first needed: only SyncNet asks for signatures, and its headers are
// not on every machine.
#include "generator.h"
#include <dlfcn.h>
#include <string.h>

#define ED25519 1087 /* NID_ED25519 of openssl/obj_mac.h */
#define KEY_BYTES 32
#define SIGNATURE_BYTES 64

static void *(*new_private)(int, void *, const unsigned char *, size_t);
static int (*raw_public)(const void *, unsigned char *, size_t *);
static void *(*new_context)(void);
static void (*free_context)(void *);
static void (*free_key)(void *);
static int (*sign_init)(void *, void **, const void *, void *, void *);
static int (*sign)(void *, unsigned char *, size_t *, const unsigned char *, size_t);

static void *find(void *library, const char *name) {
  void *found = dlsym(library, name);
  if (!found) fail("libcrypto has no %s", name);
  return found;
}

static void load(void) {
  if (sign) return;
  void *library = dlopen("libcrypto.so.3", RTLD_NOW);
  if (!library) fail("libcrypto.so.3 is missing: on Debian, apt-get install libssl3");
  *(void **)&new_private = find(library, "EVP_PKEY_new_raw_private_key");
  *(void **)&raw_public = find(library, "EVP_PKEY_get_raw_public_key");
  *(void **)&new_context = find(library, "EVP_MD_CTX_new");
  *(void **)&free_context = find(library, "EVP_MD_CTX_free");
  *(void **)&free_key = find(library, "EVP_PKEY_free");
  *(void **)&sign_init = find(library, "EVP_DigestSignInit");
  *(void **)&sign = find(library, "EVP_DigestSign");
}

static void base64url(const unsigned char *bytes, size_t length, char *to) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  uint32_t bits = 0;
  int count = 0;
  for (size_t at = 0; at < length; at++) {
    bits = bits << 8 | bytes[at];
    for (count += 8; count >= 6; count -= 6) *to++ = digits[bits >> (count - 6) & 63];
  }
  if (count > 0) *to++ = digits[bits << (6 - count) & 63];
  *to = 0;
}

/** A key nobody needs to keep secret: it speaks to a server on loopback that lives for a minute. */
static void *key_of(int index) {
  unsigned char seed[KEY_BYTES] = "syncnet bench";
  load();
  memcpy(seed + 16, &index, sizeof index);
  strncpy((char *)seed + 20, settings.prefix, 11);
  void *key = new_private(ED25519, NULL, seed, sizeof seed);
  if (!key) fail("libcrypto makes no Ed25519 key");
  return key;
}

void sign_in_key(int index, char to[44]) {
  unsigned char bytes[KEY_BYTES];
  size_t length = sizeof bytes;
  void *key = key_of(index);
  raw_public(key, bytes, &length);
  free_key(key);
  base64url(bytes, length, to);
}

void sign_text(int index, const char *text, char to[87]) {
  unsigned char bytes[SIGNATURE_BYTES];
  size_t length = sizeof bytes;
  void *key = key_of(index), *context = new_context();
  if (sign_init(context, NULL, NULL, NULL, key) != 1 ||
      sign(context, bytes, &length, (const unsigned char *)text, strlen(text)) != 1) {
    fail("libcrypto does not sign");
  }
  free_context(context);
  free_key(key);
  base64url(bytes, length, to);
}
