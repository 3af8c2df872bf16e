#include "tools/schakel/cloudevent.h"

#include <stdio.h>
#include <string.h>

#include "tools/schakel/json.h"

static void set_text(json_t *out, const char *name, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(out, name, json_string(text));
}

static void set_copy(json_t *out, const char *name, const json_t *from,
                     const char *key)
{
    json_t *value = json_object_get(from, key);

    if (value != NULL && !json_is_null(value))
        json_object_set(out, name, value);
}

/* What every event has.  sequence: fixed width, so that texts sort. */
static json_t *start(const json_t *entry, const char *type, const char *source)
{
    json_t *out = json_object();

    set_text(out, "specversion", "1.0");
    json_object_set_new(out, "type", json_sprintf("be.traject.%s.v1", type));
    set_text(out, "source", source);
    set_text(out, "datacontenttype", "application/json");
    json_object_set_new(
        out, "sequence",
        json_sprintf("%020lld", (long long)json_integer_value(
                                    json_object_get(entry, "number"))));
    json_object_set_new(out, "data", json_object());
    return out;
}

static void set_id(json_t *out, const char *about, const char *kind,
                   const json_t *entry)
{
    json_object_set_new(out, "id",
                        json_sprintf("%s/%s/%lld", about, kind,
                                     (long long)json_integer_value(
                                         json_object_get(entry, "number"))));
}

/* DOMAIN 3.1: the day, and only when it is known exactly. */
static void set_time(json_t *out, const char *day)
{
    if (strlen(day) == strlen("YYYY-MM-DD"))
        json_object_set_new(out, "time", json_sprintf("%sT00:00:00Z", day));
}

/* What this node recorded; `source` names who did, when it was another. */
static json_t *of_event(const json_t *entry, const char *org)
{
    const json_t *event = json_object_get(entry, "event");
    const char *source = sk_json_text(event, "source");
    json_t *out = start(entry, sk_json_text(event, "type"),
                        source[0] == '\0' ? org : source);
    json_t *data = json_object_get(out, "data");

    set_text(out, "id", sk_json_text(event, "event"));
    set_text(out, "subject", sk_json_text(event, "participant"));
    set_time(out, sk_json_text(event, "occurred"));
    set_text(out, "correlationid", sk_json_text(event, "about"));
    set_text(out, "provenance", sk_json_text(event, "provenance"));
    set_copy(data, "fields", event, "fields");
    return out;
}

static void set_consents(json_t *out, const json_t *message)
{
    const json_t *list = json_object_get(message, "consents");
    char text[2048];
    size_t used = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *id = json_string_value(json_array_get(list, i));

        if (id == NULL || used + strlen(id) + 2 > sizeof(text))
            break;
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
                                 i > 0 ? "," : "", id);
    }
    if (used > 0)
        set_text(out, "consentid", text);
}

/* What a partner sent: with the terms it was sent under. */
static json_t *of_message(const json_t *entry)
{
    const json_t *message = json_object_get(entry, "message");
    const json_t *handover = json_object_get(message, "handover");
    const json_t *levels = json_object_get(message, "levels");
    json_t *out = start(entry, sk_json_text(message, "type"),
                        sk_json_text(message, "from"));
    json_t *data = json_object_get(out, "data");

    set_text(out, "id", sk_json_text(message, "message"));
    set_text(out, "subject", sk_json_text(message, "participant"));
    if (strcmp(sk_json_text(levels, "occurred"), "exact") == 0)
        set_time(out,
                 sk_json_text(json_object_get(message, "fields"), "occurred"));
    set_text(out, "purposeid", sk_json_text(message, "purpose"));
    set_consents(out, message);
    set_text(out, "policyid", sk_json_text(message, "policy"));
    set_text(out, "keepuntil", sk_json_text(message, "erase_by"));
    set_text(out, "trajectid", sk_json_text(handover, "trajectory"));
    set_text(out, "correlationid", sk_json_text(handover, "handover"));
    set_copy(data, "fields", message, "fields");
    set_copy(data, "levels", message, "levels");
    set_copy(data, "duties", message, "duties");
    set_copy(data, "roles", message, "roles");
    set_copy(data, "handle", message, "handle");
    set_copy(data, "handover", message, "handover");
    set_copy(data, "on_withdrawal", message, "on_withdrawal");
    return out;
}

static json_t *of_assigned(const json_t *entry, const char *org)
{
    json_t *out = start(entry, "message.assigned", org);
    json_t *data = json_object_get(out, "data");

    set_id(out, sk_json_text(entry, "message"), "assigned", entry);
    set_text(out, "subject", sk_json_text(entry, "participant"));
    set_text(out, "causationid", sk_json_text(entry, "message"));
    set_copy(data, "message", entry, "message");
    set_copy(data, "handle", entry, "handle");
    set_copy(data, "from", entry, "from");
    return out;
}

static json_t *of_withdrawn(const json_t *entry, const char *org)
{
    json_t *out = start(entry, "consent.withdrawn", org);
    json_t *data = json_object_get(out, "data");

    set_text(out, "id", sk_json_text(entry, "consent"));
    set_text(out, "subject", sk_json_text(entry, "participant"));
    set_text(out, "consentid", sk_json_text(entry, "consent"));
    set_copy(data, "purposes", entry, "purposes");
    set_copy(data, "recipients", entry, "recipients");
    set_copy(data, "categories", entry, "categories");
    return out;
}

/* A partner asks a message back: from now on nobody uses it.  Or it is gone
   here.  No fields: all of it. */
static json_t *of_gone(const json_t *entry, const char *type,
                       const char *source)
{
    json_t *out = start(entry, type, source);
    json_t *data = json_object_get(out, "data");

    set_id(out, sk_json_text(entry, "message"), sk_json_text(entry, "kind"),
           entry);
    set_text(out, "causationid", sk_json_text(entry, "message"));
    set_copy(data, "message", entry, "message");
    set_copy(data, "from", entry, "from");
    set_copy(data, "fields", entry, "fields");
    return out;
}

/* A participant was forgotten here: erase it too. */
static json_t *of_forgotten(const json_t *entry, const char *org)
{
    json_t *out = start(entry, "erasure.confirmed", org);

    set_id(out, sk_json_text(entry, "participant"), "forgotten", entry);
    set_text(out, "subject", sk_json_text(entry, "participant"));
    set_copy(json_object_get(out, "data"), "participant", entry, "participant");
    return out;
}

json_t *sk_cloudevent_of(const json_t *entry, const char *org)
{
    const char *kind = sk_json_text(entry, "kind");

    if (strcmp(kind, "event") == 0)
        return of_event(entry, org);
    if (strcmp(kind, "message") == 0)
        return of_message(entry);
    if (strcmp(kind, "assigned") == 0)
        return of_assigned(entry, org);
    if (strcmp(kind, "withdrawn") == 0)
        return of_withdrawn(entry, org);
    if (strcmp(kind, "recalled") == 0)
        return of_gone(entry, "consent.withdrawn", sk_json_text(entry, "from"));
    if (strcmp(kind, "forgotten") == 0)
        return of_forgotten(entry, org);
    return of_gone(entry, "erasure.confirmed", org);
}
