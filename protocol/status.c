#include "protocol/status.h"

#include "protocol/base.h"

const char *sk_status_text(enum sk_status status)
{
    static const char *const texts[] = {
#define SK_STATUS_TEXT(name, text) text,
        SK_STATUS_LIST(SK_STATUS_TEXT)
#undef SK_STATUS_TEXT
    };

    assert((size_t)status < SK_COUNT(texts));
    return texts[status];
}
