/*
 * Requests.                                               docs/CONTROL.md 2
 *
 *   request.c  one, from its bytes to its reply
 *   reply.c    what handlers use: refusals, packing, arguments
 */
#ifndef SK_NODE_ENGINE_REQUEST_H
#define SK_NODE_ENGINE_REQUEST_H

#include "node/engine/engine.h"
#include "policies/findings.h"
#include "protocol/charter.h"
#include "protocol/pack.h"

/* Run a request, and put its reply into the effects.  Fails as
   sk_engine_step(). */
SK_CHECKED enum sk_status sk_request_run(struct sk_engine *e,
                                         const struct sk_input *input);
/* Refuse the request: returns SK_E_REFUSED.  code: static, of texts.h;
   field: the argument concerned or NULL; detail: a word or id, never a
   value about a person; may be empty. */
enum sk_status sk_refuse(struct sk_engine *e, const char *code,
                         const char *field, struct sk_bytes detail);
/* A number as a detail; in scratch. */
struct sk_bytes sk_number_text(struct sk_engine *e, uint64_t number);
/* Packing helpers for replies. */
void sk_reply_id(struct sk_pack *p, const char *key, const struct sk_id *id);
void sk_reply_day(struct sk_pack *p, const char *key, int32_t day);
void sk_reply_instant(struct sk_pack *p, const char *key, uint64_t ms);
void sk_reply_text(struct sk_pack *p, const char *key, struct sk_bytes text);
void sk_reply_cstr(struct sk_pack *p, const char *key, const char *text);
void sk_reply_uint(struct sk_pack *p, const char *key, uint64_t value);
void sk_reply_bool(struct sk_pack *p, const char *key, bool value);
/*
 * A map or array whose count is known only at its end:
 *     at = sk_reply_open(p); ... count++ per entry ...;
 *     sk_reply_close_map(p, at, count) or sk_reply_close_array(p, at, count)
 */
size_t sk_reply_open(struct sk_pack *p);
void sk_reply_close_map(struct sk_pack *p, size_t at, size_t count);
void sk_reply_close_array(struct sk_pack *p, size_t at, size_t count);
/* key and the findings of one kind: 'E' errors, 'W' warnings. */
void sk_reply_findings(struct sk_pack *p, const char *key,
                       const struct sk_findings *findings, char kind);
/* Refuse a policy with what is wrong in it (errors inside the error). */
enum sk_status sk_refuse_findings(struct sk_engine *e, const char *code,
                                  const struct sk_findings *findings);
/* Refuse with the reason and rules of a decision. */
enum sk_status sk_refuse_reason(struct sk_engine *e, const char *code,
                                const char *reason,
                                const struct sk_bytes *rules, size_t count);
#ifdef __clang_analyzer__
/* What the analyzer cannot see in a declaration: a refusal is never SK_OK. */
#define sk_refuse(...) ((void)sk_refuse(__VA_ARGS__), SK_E_REFUSED)
#define sk_refuse_findings(...)                                                \
    ((void)sk_refuse_findings(__VA_ARGS__), SK_E_REFUSED)
#define sk_refuse_reason(...)                                                  \
    ((void)sk_refuse_reason(__VA_ARGS__), SK_E_REFUSED)
#endif
/* Arguments: text of an optional argument (empty when absent), an id. */
struct sk_bytes sk_arg_text(struct sk_value args, const char *name);
bool sk_arg_id(struct sk_value args, const char *name, struct sk_id *out);
bool sk_arg_day(struct sk_value args, const char *name, int32_t *out);
bool sk_arg_org(struct sk_value args, const char *name, struct sk_org *out);
/* The strings of an array argument, in scratch; NULL and 0 when absent. */
SK_CHECKED enum sk_status sk_arg_words(struct sk_engine *e,
                                       struct sk_value args, const char *name,
                                       const struct sk_bytes **out,
                                       size_t *count);
/* The participant argument, checked: refuses unknown-participant. */
SK_CHECKED enum sk_status sk_arg_participant(struct sk_engine *e,
                                             struct sk_value args,
                                             struct sk_participant_id *out);
/* The argument "files"; views into the request.  charter.c. */
SK_CHECKED enum sk_status sk_arg_files(struct sk_engine *e,
                                       struct sk_value args, size_t count_max,
                                       struct sk_charter_file **out,
                                       size_t *count);
/* A partner argument: in the roster and not ourselves; refuses no-charter,
   unknown-org, recipient-is-owner.  relation.c */
SK_CHECKED enum sk_status sk_arg_partner(struct sk_engine *e,
                                         struct sk_value args, const char *name,
                                         struct sk_org *out);
/* The argument "limit" of a list; refuses bad-argument. */
SK_CHECKED enum sk_status sk_arg_limit(struct sk_engine *e,
                                       struct sk_value args, size_t *out);
/* End a reply that was opened at `top` and has so many keys: "more", and "next"
   when there is more. */
void sk_reply_close_page(struct sk_engine *e, size_t top, size_t keys,
                         const struct sk_id *next);
/* Everything was checked: is it only a trial?  Then that is the reply. */
bool sk_arg_dry_run(struct sk_engine *e, struct sk_value args);

#endif
