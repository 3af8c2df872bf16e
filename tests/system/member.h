/*
 * A member whose folder a test has, with what unlocks it.
 */
#ifndef TESTS_SYSTEM_MEMBER_H
#define TESTS_SYSTEM_MEMBER_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/card.h"
#include "protocol/keyfile.h"

static void die(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void need(bool fact, const char *what)
{
    if (!fact)
        die(what);
}

static struct sk_bytes read_file(const char *path, uint8_t *room, size_t max)
{
    FILE *file = fopen(path, "rb");
    size_t size;

    need(file != NULL, path);
    size = fread(room, 1, max, file);
    fclose(file);
    return (struct sk_bytes){room, size};
}

static struct sk_card read_card(const char *path)
{
    uint8_t bytes[SK_CARD_SIZE_MAX];
    struct sk_card card;

    need(sk_card_decode(read_file(path, bytes, sizeof(bytes)), &card) == SK_OK,
         "no card");
    return card;
}

struct member {
    struct sk_card card;
    struct sk_node_secrets secrets;
    uint8_t unlock_secret[32]; /* of a key file; a passphrase: its beginning */
};

static void open_member(const char *dir, const char *key, struct member *out)
{
    uint8_t bytes[SK_NODE_KEY_SIZE_MAX];
    uint8_t secret[SK_PASSPHRASE_SIZE_MAX] = {0};
    char path[4096];
    struct sk_unlock unlock;
    struct sk_bytes file;
    enum sk_unlock_kind kind;

    snprintf(path, sizeof(path), "%s/own.card", dir);
    out->card = read_card(path);
    snprintf(path, sizeof(path), "%s/node.key", dir);
    file = read_file(path, bytes, sizeof(bytes));
    need(sk_node_key_kind(file, &kind) == SK_OK &&
             sk_unlock_of(kind, read_file(key, secret, sizeof(secret)),
                          &unlock) == SK_OK &&
             sk_node_key_open(file, &unlock, &out->secrets) == SK_OK,
         "node.key does not open");
    memcpy(out->unlock_secret, secret, sizeof(out->unlock_secret));
}

#endif
