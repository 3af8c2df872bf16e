/*
 * A row of the feed as a CloudEvent 1.0 (JSON).    docs/IMPORT.md 5, DOMAIN 3.1
 */
#ifndef SK_TOOLS_CLOUDEVENT_H
#define SK_TOOLS_CLOUDEVENT_H

#include <jansson.h>

/* entry: of feed.read (CONTROL.md 6.5); org: this node.  A new reference. */
json_t *sk_cloudevent_of(const json_t *entry, const char *org);

#endif
