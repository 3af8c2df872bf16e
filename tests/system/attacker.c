/*
 * Who has files of a node from before and now, and every key of now.
 *     attacker FOLDER UNLOCK CANARY FILE...
 * Opens FOLDER/node.key with what is in UNLOCK; tries every key in it on every
 * place of every file that could hold a wrapped data key; then every data key
 * so found on every record.  Files are read as bytes, not through LMDB: pages
 * that are no longer part of the store count too.
 * Says how much opened; exit status 0: the canary is in it; 1: it is not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "protocol/keyfile.h"

#define WRAPPED_SIZE (32 + SK_BOX_OVERHEAD)
#define KEYS_MAX 100000
#define VALUE_SIZE_MAX (1u << 20)

struct file {
    uint8_t *data;
    size_t size;
};
struct data_key {
    struct sk_id owner;
    struct sk_box_key key;
};

static struct sk_box_key wraps[16];
static size_t wraps_count;
static struct data_key keys[KEYS_MAX];
static size_t keys_count;
static size_t opened;
static bool found;
static const char *canary;

static struct file read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct file file = {malloc(1), 0};
    size_t got;

    if (f == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    do {
        file.data = realloc(file.data, file.size + (1 << 20));
        got = fread(file.data + file.size, 1, 1 << 20, f);
        file.size += got;
    } while (got > 0);
    fclose(f);
    return file;
}

/* As it is, and as the node would derive from it. */
static void add_wrap(const void *secret)
{
    struct sk_box_key *key = &wraps[wraps_count];

    memcpy(key->secret_bytes, secret, 32);
    sk_derive(key, "schakel/store/wrap/1", key + 1);
    wraps_count += 2;
}

static void open_node(const char *folder, const char *unlock_path)
{
    char path[4096];
    struct file unlock_file = read_file(unlock_path);
    struct sk_node_secrets secrets;
    struct sk_unlock unlock;
    struct file file;
    enum sk_unlock_kind kind;

    snprintf(path, sizeof(path), "%s/node.key", folder);
    file = read_file(path);
    if (sk_node_key_kind((struct sk_bytes){file.data, file.size}, &kind) !=
            SK_OK ||
        sk_unlock_of(kind,
                     (struct sk_bytes){unlock_file.data, unlock_file.size},
                     &unlock) != SK_OK ||
        sk_node_key_open((struct sk_bytes){file.data, file.size}, &unlock,
                         &secrets) != SK_OK) {
        fprintf(stderr, "node.key does not open\n");
        exit(2);
    }
    add_wrap(secrets.master.secret_bytes);
    add_wrap(secrets.curve.secret_bytes);
    add_wrap(secrets.signing.secret_bytes);
    for (size_t i = 0; i < secrets.sealing_count; i++)
        add_wrap(secrets.sealing[i].secret_bytes);
    if (secrets.has_master_before)
        add_wrap(secrets.master_before.secret_bytes);
    free(file.data);
    free(unlock_file.data);
}

/* ------------------------------------------------------------- data keys */

static void try_key(const uint8_t *at)
{
    static const char context[] = "schakel/vault/key/1";
    uint8_t bound[sizeof(context) + SK_ID_SIZE];
    struct data_key *key = &keys[keys_count];
    struct sk_bytes plain;

    if (memcmp(at, (const uint8_t[SK_ID_SIZE]){0}, SK_ID_SIZE) == 0)
        return;
    memcpy(bound, context, sizeof(context));
    memcpy(bound + sizeof(context), at, SK_ID_SIZE);
    for (size_t i = 0; i < wraps_count; i++) {
        if (sk_box_open(&wraps[i], (struct sk_bytes){bound, sizeof(bound)},
                        (struct sk_bytes){at + SK_ID_SIZE, WRAPPED_SIZE},
                        (struct sk_room){key->key.secret_bytes, 32},
                        &plain) != SK_OK)
            continue;
        memcpy(key->owner.bytes, at, SK_ID_SIZE);
        for (size_t k = 0; k < keys_count; k++)
            if (memcmp(&keys[k], key, sizeof(*key)) == 0)
                return;
        if (keys_count + 1 < KEYS_MAX)
            keys_count++;
        return;
    }
}

/* ------------------------------------------------------------- records */

static void try_value(const struct data_key *key, struct sk_bytes bound,
                      struct sk_bytes sealed)
{
    static uint8_t room[VALUE_SIZE_MAX];
    struct sk_bytes plain;

    if (sk_box_open(&key->key, bound, sealed,
                    (struct sk_room){room, sizeof(room)}, &plain) != SK_OK)
        return;
    opened++;
    if (memmem(plain.data, plain.size, canary, strlen(canary)) != NULL)
        found = true;
}

/* Sealed, or sealed behind the owner of its key. */
static void try_record(struct sk_bytes bound, struct sk_bytes value)
{
    for (size_t i = 0; i < keys_count; i++) {
        const struct data_key *key = &keys[i];
        bool message = memcmp(key->owner.bytes, "message", 7) == 0;

        if (!message)
            try_value(key, bound, value);
        if (value.size > SK_ID_SIZE + SK_BOX_OVERHEAD &&
            memcmp(value.data, key->owner.bytes, SK_ID_SIZE) == 0)
            try_value(key, bound,
                      (struct sk_bytes){value.data + SK_ID_SIZE,
                                        value.size - SK_ID_SIZE});
    }
}

static size_t number(const uint8_t *at, size_t size)
{
    size_t out = 0;

    for (size_t i = size; i-- > 0;)
        out = out << 8 | at[i];
    return out;
}

/* A node of a leaf page of LMDB: size 4, flags 2, size of the key 2, key. */
static void try_leaf(const struct file *file, size_t at)
{
    size_t size = number(file->data + at, 4);
    size_t flags = number(file->data + at + 4, 2);
    size_t key_size = number(file->data + at + 6, 2);
    size_t value = at + 8 + key_size;

    if (flags > 1 || key_size == 0 || key_size > 511 ||
        size < SK_BOX_OVERHEAD || size > VALUE_SIZE_MAX ||
        value + 8 > file->size)
        return;
    if (flags == 1) /* on pages of its own */
        value = number(file->data + value, 5) * 4096 + 16;
    if (value + size > file->size)
        return;
    try_record((struct sk_bytes){file->data + at + 8, key_size},
               (struct sk_bytes){file->data + value, size});
}

/* A change in the log: 0, size of the key 2, of the value 4, key, value. */
static void try_change(const struct file *file, size_t at)
{
    size_t key_size = number(file->data + at + 1, 2);
    size_t size = number(file->data + at + 3, 4);

    if (file->data[at] != 0 || key_size == 0 || key_size > 500 ||
        size < SK_BOX_OVERHEAD || size > VALUE_SIZE_MAX ||
        at + 7 + key_size + size > file->size)
        return;
    try_record((struct sk_bytes){file->data + at + 7, key_size},
               (struct sk_bytes){file->data + at + 7 + key_size, size});
}

int main(int argc, char **argv)
{
    static struct file files[64];
    int count = argc - 4;

    if (count < 1 || count > 64 || sodium_init() < 0)
        return 64;
    canary = argv[3];
    open_node(argv[1], argv[2]);
    for (int i = 0; i < count; i++) {
        files[i] = read_file(argv[4 + i]);
        for (size_t at = 0; at + SK_ID_SIZE + WRAPPED_SIZE <= files[i].size;
             at += 2)
            try_key(files[i].data + at);
    }
    for (int i = 0; i < count; i++) {
        for (size_t at = 0; at + 16 <= files[i].size; at += 2)
            try_leaf(&files[i], at);
        for (size_t at = 0; at + 16 <= files[i].size; at++)
            try_change(&files[i], at);
        free(files[i].data);
    }
    printf("%d files, %zu keys of now, %zu data keys, %zu records opened, "
           "the canary is %s\n",
           count, wraps_count, keys_count, opened,
           found ? "in them" : "not in them");
    return found ? 0 : 1;
}
