#include "protocol/unpack.h"

#include <string.h>

#include "protocol/head.h"
#include "protocol/value.h"

static void fail(struct sk_unpack *u, enum sk_status status)
{
    if (u->status == SK_OK)
        u->status = status;
}

static struct sk_bytes rest_of(const struct sk_unpack *u)
{
    return (struct sk_bytes){u->at, (size_t)(u->end - u->at)};
}

/* The next head, which must be of this kind; consumed.  When it is not, `out`
   is nothing. */
static bool take(struct sk_unpack *u, enum sk_head_kind kind,
                 struct sk_head *out)
{
    enum sk_status status;

    if (u->status != SK_OK)
        return false;
    status = sk_head_read(rest_of(u), out);
    if (status == SK_OK && out->kind != kind)
        status = SK_E_BAD_FORM;
    if (status != SK_OK) {
        fail(u, status);
        return false;
    }
    u->at += out->size;
    return true;
}

struct sk_unpack sk_unpack_start(struct sk_bytes in)
{
    static const uint8_t nothing[1];

    /* Adding to NULL is undefined, also adding 0. */
    if (in.size == 0)
        return (struct sk_unpack){nothing, nothing, SK_OK};
    return (struct sk_unpack){in.data, in.data + in.size, SK_OK};
}

static size_t take_count(struct sk_unpack *u, enum sk_head_kind kind,
                         size_t min, size_t max)
{
    struct sk_head head;

    if (!take(u, kind, &head))
        return 0;
    if (head.count < min || head.count > max) {
        fail(u, SK_E_BAD_LENGTH);
        return 0;
    }
    return (size_t)head.count;
}

void sk_unpack_array(struct sk_unpack *u, size_t count)
{
    (void)take_count(u, SK_HEAD_ARRAY, count, count); /* u remembers */
}

void sk_unpack_map(struct sk_unpack *u, size_t count)
{
    (void)take_count(u, SK_HEAD_MAP, count, count); /* u remembers */
}

size_t sk_unpack_array_upto(struct sk_unpack *u, size_t min, size_t max)
{
    return take_count(u, SK_HEAD_ARRAY, min, max);
}

size_t sk_unpack_map_upto(struct sk_unpack *u, size_t min, size_t max)
{
    return take_count(u, SK_HEAD_MAP, min, max);
}

uint64_t sk_unpack_uint(struct sk_unpack *u, uint64_t min, uint64_t max)
{
    struct sk_head head;

    if (!take(u, SK_HEAD_UINT, &head))
        return 0;
    if (head.value < min || head.value > max) {
        fail(u, SK_E_BAD_VALUE);
        return 0;
    }
    return head.value;
}

bool sk_unpack_bool(struct sk_unpack *u)
{
    struct sk_head head;

    return take(u, SK_HEAD_BOOL, &head) && head.value == 1;
}

void sk_unpack_nil(struct sk_unpack *u)
{
    struct sk_head head;

    (void)take(u, SK_HEAD_NIL, &head); /* u remembers */
}

bool sk_unpack_is_nil(struct sk_unpack *u)
{
    if (u->status != SK_OK || u->at == u->end || *u->at != 0xc0)
        return false;
    u->at++;
    return true;
}

static struct sk_bytes take_body(struct sk_unpack *u, enum sk_head_kind kind,
                                 size_t min, size_t max)
{
    struct sk_head head;

    if (!take(u, kind, &head))
        return (struct sk_bytes){0};
    if (head.body.size < min || head.body.size > max) {
        fail(u, SK_E_BAD_LENGTH);
        return (struct sk_bytes){0};
    }
    return head.body;
}

void sk_unpack_bin(struct sk_unpack *u, uint8_t *out, size_t size)
{
    struct sk_bytes body = take_body(u, SK_HEAD_BIN, size, size);

    if (body.size == size && size > 0)
        memcpy(out, body.data, size);
    else
        memset(out, 0, size);
}

struct sk_bytes sk_unpack_bin_upto(struct sk_unpack *u, size_t min, size_t max)
{
    return take_body(u, SK_HEAD_BIN, min, max);
}

struct sk_bytes sk_unpack_str(struct sk_unpack *u, size_t min, size_t max)
{
    return take_body(u, SK_HEAD_STR, min, max);
}

void sk_unpack_key(struct sk_unpack *u, const char *key)
{
    struct sk_head head;

    if (take(u, SK_HEAD_STR, &head) && !sk_bytes_equal(head.body, sk_text(key)))
        fail(u, SK_E_BAD_VALUE);
}

void sk_unpack_id(struct sk_unpack *u, struct sk_id *out)
{
    sk_unpack_bin(u, out->bytes, sizeof(out->bytes));
}

void sk_unpack_org(struct sk_unpack *u, struct sk_org *out)
{
    struct sk_bytes text = sk_unpack_str(u, 1, SK_ORG_SIZE_MAX);

    memset(out, 0, sizeof(*out));
    if (u->status == SK_OK && !sk_org_parse(text, out))
        fail(u, SK_E_BAD_VALUE);
}

struct sk_bytes sk_unpack_any(struct sk_unpack *u)
{
    struct sk_value value = {0};
    enum sk_status status;

    if (u->status != SK_OK)
        return (struct sk_bytes){0};
    status = sk_value_check_first(rest_of(u), &value);
    if (status != SK_OK) {
        fail(u, status);
        return (struct sk_bytes){0};
    }
    u->at += value.bytes.size;
    return value.bytes;
}

enum sk_status sk_unpack_finish(const struct sk_unpack *u)
{
    if (u->status != SK_OK)
        return u->status;
    return u->at == u->end ? SK_OK : SK_E_BAD_LENGTH;
}
