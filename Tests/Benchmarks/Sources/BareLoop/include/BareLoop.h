#ifndef BARE_LOOP_H
#define BARE_LOOP_H

#include <stddef.h>
#include <stdint.h>

/// The public key of an ed25519 seed.
void bare_public_key(const uint8_t seed[32], uint8_t public_key[32]);

/// Connects to each address, authenticates with the key of the seed, runs `true`, closes; `fanout` at once, on one
/// thread. Host keys are not looked at. Answers how many hosts did not end with status 0.
int bare_loop(const char *const *addresses, size_t count, int port, const char *user, const uint8_t seed[32], size_t fanout);

#endif
