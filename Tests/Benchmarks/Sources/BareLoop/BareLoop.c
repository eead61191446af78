#define _GNU_SOURCE
#include "BareLoop.h"

#include <arpa/inet.h>
#include <libssh2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum step { HANDSHAKE, AUTHENTICATE, OPEN, START, READ, CLOSE, AWAIT, DONE };

struct connection {
    int descriptor;
    enum step step;
    int failed;
    LIBSSH2_SESSION *session;
    LIBSSH2_CHANNEL *channel;
};

static EVP_PKEY *pair;
/// `string "ssh-ed25519"`, `string` of the public key's 32 bytes.
static unsigned char blob[4 + 11 + 4 + 32] = "\0\0\0\x0bssh-ed25519\0\0\0\x20";

void bare_public_key(const uint8_t seed[32], uint8_t public_key[32]) {
    size_t length = 32;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    EVP_PKEY_get_raw_public_key(key, public_key, &length);
    EVP_PKEY_free(key);
}

static int sign(
    LIBSSH2_SESSION *session, unsigned char **signature, size_t *length, const unsigned char *data, size_t count,
    void **abstract) {
    (void)session;
    (void)abstract;
    *length = 64;
    *signature = malloc(*length);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int is_signed = EVP_DigestSignInit(context, NULL, NULL, NULL, pair) == 1
        && EVP_DigestSign(context, *signature, length, data, count) == 1;
    EVP_MD_CTX_free(context);
    return is_signed ? 0 : -1;
}

static void begin(struct connection *connection, const char *address, int port) {
    struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int yes = 1;
    memset(connection, 0, sizeof *connection);
    inet_pton(AF_INET, address, &target.sin_addr);
    connection->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    (void)connect(connection->descriptor, (struct sockaddr *)&target, sizeof target);
    connection->session = libssh2_session_init();
    libssh2_session_set_blocking(connection->session, 0);
}

static int take(struct connection *connection, const char *user) {
    char bytes[16384];
    void *abstract = NULL;
    ssize_t count;
    switch (connection->step) {
    case HANDSHAKE: return libssh2_session_handshake(connection->session, connection->descriptor);
    case AUTHENTICATE:
        return libssh2_userauth_publickey(connection->session, user, blob, sizeof blob, sign, &abstract);
    case OPEN:
        connection->channel = libssh2_channel_open_session(connection->session);
        return connection->channel ? 0 : libssh2_session_last_errno(connection->session);
    case START: return libssh2_channel_exec(connection->channel, "true");
    case READ:
        while ((count = libssh2_channel_read(connection->channel, bytes, sizeof bytes)) > 0) {}
        return (int)count;
    case CLOSE: return libssh2_channel_close(connection->channel);
    case AWAIT: return libssh2_channel_wait_closed(connection->channel);
    case DONE: return 0;
    }
    return -1;
}

static void end(struct connection *connection) {
    if (connection->channel) {
        connection->failed |= libssh2_channel_get_exit_status(connection->channel) != 0;
        libssh2_channel_free(connection->channel);
    }
    libssh2_session_disconnect(connection->session, "");
    libssh2_session_free(connection->session);
    close(connection->descriptor);
}

int bare_loop(
    const char *const *addresses, size_t count, int port, const char *user, const uint8_t seed[32], size_t fanout) {
    struct connection *live = calloc(fanout, sizeof *live);
    struct pollfd *waits = calloc(fanout, sizeof *waits);
    size_t next = 0, running = 0;
    int failed = 0;
    libssh2_init(0);
    pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    bare_public_key(seed, blob + sizeof blob - 32);
    while (next < count || running > 0) {
        while (next < count && running < fanout) begin(&live[running++], addresses[next++], port);
        for (size_t at = 0; at < running;) {
            struct connection *connection = &live[at];
            int code = 0;
            while (connection->step != DONE && (code = take(connection, user)) == 0) connection->step++;
            if (code == LIBSSH2_ERROR_EAGAIN) {
                int directions = libssh2_session_block_directions(connection->session);
                waits[at].fd = connection->descriptor;
                waits[at].events = directions == LIBSSH2_SESSION_BLOCK_OUTBOUND ? POLLOUT : POLLIN;
                if (directions & LIBSSH2_SESSION_BLOCK_OUTBOUND) waits[at].events |= POLLOUT;
                at++;
                continue;
            }
            connection->failed |= code != 0;
            end(connection);
            failed += connection->failed;
            *connection = live[--running];
        }
        if (running > 0) poll(waits, running, 200);
    }
    EVP_PKEY_free(pair);
    free(live);
    free(waits);
    return failed;
}
