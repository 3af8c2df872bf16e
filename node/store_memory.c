/*
 * The store in memory, for the simulator: two treaps and an undo log.
 *
 * Views die at the next write, as the contract says and as LMDB's do: get and
 * seek copy into `views`, which every write overwrites.  A caller that keeps
 * one too long sees 0xdd here, before it sees another person's page there.
 */
#include "node/store.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define VIEWS_CHUNK_SIZE 4096

struct node {
    struct node *left;
    struct node *right;
    uint64_t rank;         /* of the heap: a parent's is not smaller */
    struct sk_bytes value; /* owned */
    size_t key_size;
    uint8_t key[];
};

enum undo_kind { UNDO_ADDED, UNDO_CHANGED, UNDO_DROPPED };

struct undo {
    enum undo_kind kind;
    enum sk_space space;
    struct node *node;     /* owned when dropped */
    struct sk_bytes value; /* before the change, owned */
};

struct chunk {
    struct chunk *next;
    size_t used;
    size_t size_max;
    uint8_t bytes[];
};

/* Where a scan is: the record it found last, and under it those that are still
   to come of which the left side was gone through.  Good until a write. */
#define WALK_MAX 256
struct walk {
    enum sk_space space;
    size_t depth; /* 0: nowhere */
    struct node *path[WALK_MAX];
};

struct memory_store {
    struct sk_store base;
    struct node *root[2];
    struct walk walk;
    uint64_t bytes[2];
    uint64_t rank_state;
    struct undo *undo;
    size_t undo_count;
    size_t undo_max;
    struct chunk *views;
    uint64_t writes_left; /* until the disk is full; 0: never */
    bool full;
};

static struct memory_store *self_of(struct sk_store *store)
{
    return (struct memory_store *)store;
}

static struct sk_bytes key_of(const struct node *node)
{
    return (struct sk_bytes){node->key, node->key_size};
}

/* SplitMix64: the same calls give the same tree. */
static uint64_t next_rank(struct memory_store *self)
{
    uint64_t z = (self->rank_state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* ------------------------------------------------------------------ treap */

/* Keys below `key` to the left, the others to the right. */
static void split(struct node *tree, struct sk_bytes key, struct node **left,
                  struct node **right)
{
    while (tree != NULL) {
        if (sk_bytes_compare(key_of(tree), key) < 0) {
            *left = tree;
            left = &tree->right;
            tree = tree->right;
        } else {
            *right = tree;
            right = &tree->left;
            tree = tree->left;
        }
    }
    *left = NULL;
    *right = NULL;
}

static struct node *merge(struct node *left, struct node *right)
{
    struct node *tree = NULL;
    struct node **at = &tree;

    while (left != NULL && right != NULL) {
        if (left->rank >= right->rank) {
            *at = left;
            at = &left->right;
            left = left->right;
        } else {
            *at = right;
            at = &right->left;
            right = right->left;
        }
    }
    *at = left != NULL ? left : right;
    return tree;
}

static struct node **find(struct memory_store *self, enum sk_space space,
                          struct sk_bytes key)
{
    struct node **at = &self->root[space];

    while (*at != NULL) {
        int order = sk_bytes_compare(key, key_of(*at));

        if (order == 0)
            break;
        at = order < 0 ? &(*at)->left : &(*at)->right;
    }
    return at;
}

static void insert(struct memory_store *self, enum sk_space space,
                   struct node *node)
{
    struct node **at = &self->root[space];

    while (*at != NULL && (*at)->rank >= node->rank) {
        bool below = sk_bytes_compare(key_of(node), key_of(*at)) < 0;

        at = below ? &(*at)->left : &(*at)->right;
    }
    split(*at, key_of(node), &node->left, &node->right);
    *at = node;
    self->bytes[space] += node->key_size + node->value.size;
}

static struct node *detach(struct memory_store *self, enum sk_space space,
                           struct sk_bytes key)
{
    struct node **at = find(self, space, key);
    struct node *node = *at;

    if (node == NULL)
        return NULL;
    *at = merge(node->left, node->right);
    node->left = NULL;
    node->right = NULL;
    self->bytes[space] -= node->key_size + node->value.size;
    return node;
}

static void free_bytes(struct sk_bytes bytes)
{
    uint8_t *data = (uint8_t *)(uintptr_t)bytes.data; /* ours: not const */

    if (data != NULL)
        sodium_memzero(data, bytes.size);
    free(data);
}

static void free_node(struct node *node)
{
    free_bytes(node->value);
    free(node);
}

static bool copy_bytes(struct sk_bytes bytes, struct sk_bytes *out)
{
    uint8_t *data = malloc(bytes.size + 1); /* never NULL for nothing */

    if (data == NULL)
        return false;
    if (bytes.size > 0)
        memcpy(data, bytes.data, bytes.size);
    *out = (struct sk_bytes){data, bytes.size};
    return true;
}

static struct node *make_node(struct memory_store *self, struct sk_bytes key,
                              struct sk_bytes value)
{
    struct node *node = calloc(1, sizeof(*node) + key.size);

    if (node == NULL)
        return NULL;
    if (!copy_bytes(value, &node->value)) {
        free(node);
        return NULL;
    }
    memcpy(node->key, key.data, key.size);
    node->key_size = key.size;
    node->rank = next_rank(self);
    return node;
}

/* ------------------------------------------------------------------ views */

/* Overwrite what was handed out, and keep one chunk for the next. */
static void drop_views(struct memory_store *self)
{
    struct chunk *chunk = self->views;

    while (chunk != NULL && chunk->next != NULL) {
        struct chunk *next = chunk->next;

        sodium_memzero(chunk->bytes, chunk->used);
        free(chunk);
        chunk = next;
    }
    if (chunk != NULL) {
        memset(chunk->bytes, 0xdd, chunk->used);
        chunk->used = 0;
    }
    self->views = chunk;
}

static bool make_view(struct memory_store *self, struct sk_bytes bytes,
                      struct sk_bytes *out)
{
    struct chunk *chunk = self->views;

    if (chunk == NULL || chunk->size_max - chunk->used < bytes.size) {
        size_t size_max =
            bytes.size > VIEWS_CHUNK_SIZE ? bytes.size : VIEWS_CHUNK_SIZE;

        chunk = malloc(sizeof(*chunk) + size_max);
        if (chunk == NULL)
            return false;
        chunk->next = self->views;
        chunk->used = 0;
        chunk->size_max = size_max;
        self->views = chunk;
    }
    if (bytes.size > 0)
        memcpy(chunk->bytes + chunk->used, bytes.data, bytes.size);
    *out = (struct sk_bytes){chunk->bytes + chunk->used, bytes.size};
    chunk->used += bytes.size;
    return true;
}

/* ------------------------------------------------------------ transaction */

static bool is_full(struct memory_store *self)
{
    if (self->writes_left > 0 && --self->writes_left == 0)
        self->full = true;
    return self->full;
}

static enum sk_status reserve_undo(struct memory_store *self)
{
    size_t max = self->undo_max == 0 ? 16 : self->undo_max * 2;
    struct undo *undo;

    if (self->undo_count < self->undo_max)
        return SK_OK;
    undo = realloc(self->undo, max * sizeof(*undo));
    if (undo == NULL)
        return SK_E_MEMORY;
    self->undo = undo;
    self->undo_max = max;
    return SK_OK;
}

static void push_undo(struct memory_store *self, struct undo undo)
{
    assert(self->undo_count < self->undo_max);
    self->undo[self->undo_count++] = undo;
}

static enum sk_status memory_begin(struct sk_store *store)
{
    assert(self_of(store)->undo_count == 0);
    return SK_OK;
}

static void memory_abort(struct sk_store *store)
{
    struct memory_store *self = self_of(store);

    drop_views(self);
    self->walk.depth = 0;
    while (self->undo_count > 0) {
        struct undo *undo = &self->undo[--self->undo_count];
        struct node *node = undo->node;

        switch (undo->kind) {
        case UNDO_ADDED:
            free_node(detach(self, undo->space, key_of(node)));
            break;
        case UNDO_CHANGED:
            self->bytes[undo->space] += undo->value.size - node->value.size;
            free_bytes(node->value);
            node->value = undo->value;
            break;
        case UNDO_DROPPED:
            insert(self, undo->space, node);
            break;
        }
    }
}

static enum sk_status memory_commit(struct sk_store *store)
{
    struct memory_store *self = self_of(store);

    if (self->undo_count > 0 && is_full(self)) {
        memory_abort(store);
        return SK_E_FULL;
    }
    drop_views(self);
    for (size_t i = 0; i < self->undo_count; i++) {
        struct undo *undo = &self->undo[i];

        if (undo->kind == UNDO_CHANGED)
            free_bytes(undo->value);
        if (undo->kind == UNDO_DROPPED)
            free_node(undo->node);
    }
    self->undo_count = 0;
    return SK_OK;
}

static enum sk_status memory_get(struct sk_store *store, enum sk_space space,
                                 struct sk_bytes key, struct sk_bytes *value)
{
    struct memory_store *self = self_of(store);
    struct node *node = *find(self, space, key);

    if (node == NULL)
        return SK_E_NOT_FOUND;
    return make_view(self, node->value, value) ? SK_OK : SK_E_MEMORY;
}

static enum sk_status change(struct memory_store *self, enum sk_space space,
                             struct node *node, struct sk_bytes value)
{
    struct sk_bytes copy;

    if (!copy_bytes(value, &copy))
        return SK_E_MEMORY;
    push_undo(self, (struct undo){.kind = UNDO_CHANGED,
                                  .space = space,
                                  .node = node,
                                  .value = node->value});
    self->bytes[space] += copy.size - node->value.size;
    node->value = copy;
    return SK_OK;
}

static enum sk_status memory_put(struct sk_store *store, enum sk_space space,
                                 struct sk_bytes key, struct sk_bytes value)
{
    struct memory_store *self = self_of(store);
    struct node *node = *find(self, space, key);

    if (is_full(self))
        return SK_E_FULL;
    self->walk.depth = 0;
    SK_TRY(reserve_undo(self));
    if (node != NULL) {
        SK_TRY(change(self, space, node, value));
    } else {
        node = make_node(self, key, value);
        if (node == NULL)
            return SK_E_MEMORY;
        insert(self, space, node);
        push_undo(self, (struct undo){
                            .kind = UNDO_ADDED, .space = space, .node = node});
    }
    /* Last: key and value may be views themselves. */
    drop_views(self);
    return SK_OK;
}

static enum sk_status memory_drop(struct sk_store *store, enum sk_space space,
                                  struct sk_bytes key)
{
    struct memory_store *self = self_of(store);
    struct node *node;

    if (is_full(self))
        return SK_E_FULL;
    self->walk.depth = 0;
    SK_TRY(reserve_undo(self));
    node = detach(self, space, key);
    if (node != NULL)
        push_undo(
            self,
            (struct undo){.kind = UNDO_DROPPED, .space = space, .node = node});
    drop_views(self);
    return SK_OK;
}

static void push(struct walk *walk, struct node *node)
{
    /* As deep as no tree of so many records that fit in memory ever is. */
    assert(walk->depth < WALK_MAX);
    walk->path[walk->depth++] = node;
}

/* From the root to the first record that is not before `from`, or is behind
   it. */
static void walk_to(struct memory_store *self, enum sk_space space,
                    struct sk_bytes from, bool after)
{
    struct walk *walk = &self->walk;
    struct node *at = self->root[space];

    walk->space = space;
    walk->depth = 0;
    while (at != NULL) {
        int order = sk_bytes_compare(key_of(at), from);

        if (order > 0 || (order == 0 && !after)) {
            push(walk, at);
            at = at->left;
        } else {
            at = at->right;
        }
    }
}

static void walk_on(struct walk *walk)
{
    struct node *at = walk->path[--walk->depth]->right;

    for (; at != NULL; at = at->left)
        push(walk, at);
}

/* A scan asks for what is behind the record that it got last. */
static bool is_at(const struct walk *walk, enum sk_space space,
                  struct sk_bytes key)
{
    return walk->depth > 0 && walk->space == space &&
           sk_bytes_equal(key_of(walk->path[walk->depth - 1]), key);
}

static enum sk_status memory_seek(struct sk_store *store, enum sk_space space,
                                  struct sk_bytes from, bool after,
                                  struct sk_bytes *key, struct sk_bytes *value)
{
    struct memory_store *self = self_of(store);
    struct walk *walk = &self->walk;
    const struct node *found;

    if (after && is_at(walk, space, from))
        walk_on(walk);
    else
        walk_to(self, space, from, after);
    if (walk->depth == 0)
        return SK_E_NOT_FOUND;
    found = walk->path[walk->depth - 1];
    if (!make_view(self, key_of(found), key) ||
        !make_view(self, found->value, value))
        return SK_E_MEMORY;
    return SK_OK;
}

/* Deleted values were wiped when they were freed. */
static enum sk_status memory_shred(struct sk_store *store)
{
    return self_of(store)->full ? SK_E_FULL : SK_OK;
}

static void memory_stats(struct sk_store *store, struct sk_store_stats *out)
{
    struct memory_store *self = self_of(store);

    *out = (struct sk_store_stats){.data_bytes = self->bytes[SK_SPACE_DATA],
                                   .keys_bytes = self->bytes[SK_SPACE_KEYS],
                                   .room_bytes = UINT64_MAX};
}

static void free_tree(struct node *tree)
{
    while (tree != NULL) {
        struct node *right = tree->right;

        free_tree(tree->left);
        free_node(tree);
        tree = right;
    }
}

static void memory_close(struct sk_store *store)
{
    struct memory_store *self = self_of(store);

    free_tree(self->root[SK_SPACE_DATA]);
    free_tree(self->root[SK_SPACE_KEYS]);
    drop_views(self);
    free(self->views);
    free(self->undo);
    free(self);
}

static const struct sk_store_vtable memory_vtable = {
    .begin = memory_begin,
    .commit = memory_commit,
    .abort = memory_abort,
    .get = memory_get,
    .put = memory_put,
    .drop = memory_drop,
    .seek = memory_seek,
    .shred = memory_shred,
    .stats = memory_stats,
    .close = memory_close,
};

enum sk_status sk_store_open_memory(struct sk_store **out)
{
    struct memory_store *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return SK_E_MEMORY;
    self->base.vtable = &memory_vtable;
    *out = &self->base;
    return SK_OK;
}

static bool copy_tree(const struct node *tree, struct node **out)
{
    struct node *copy;

    *out = NULL;
    if (tree == NULL)
        return true;
    copy = malloc(sizeof(*copy) + tree->key_size);
    if (copy == NULL)
        return false;
    memcpy(copy, tree, sizeof(*copy) + tree->key_size);
    copy->left = NULL;
    copy->right = NULL;
    copy->value = (struct sk_bytes){0};
    *out = copy;
    return copy_bytes(tree->value, &copy->value) &&
           copy_tree(tree->left, &copy->left) &&
           copy_tree(tree->right, &copy->right);
}

enum sk_status sk_store_memory_copy(const struct sk_store *store,
                                    struct sk_store **out)
{
    const struct memory_store *from = (const struct memory_store *)store;
    struct sk_store *made;
    struct memory_store *to;

    assert(store->vtable == &memory_vtable);
    assert(from->undo_count == 0);

    SK_TRY(sk_store_open_memory(&made));
    to = self_of(made);
    to->rank_state = from->rank_state;
    memcpy(to->bytes, from->bytes, sizeof(to->bytes));
    if (!copy_tree(from->root[SK_SPACE_DATA], &to->root[SK_SPACE_DATA]) ||
        !copy_tree(from->root[SK_SPACE_KEYS], &to->root[SK_SPACE_KEYS])) {
        sk_store_close(&made);
        return SK_E_MEMORY;
    }
    *out = made;
    return SK_OK;
}

void sk_store_memory_crash(struct sk_store *store)
{
    assert(store->vtable == &memory_vtable);
    sk_store_abort(store);
}

void sk_store_memory_fail_after(struct sk_store *store, uint64_t writes)
{
    struct memory_store *self = self_of(store);

    assert(store->vtable == &memory_vtable);
    self->writes_left = writes;
    self->full = false;
}
