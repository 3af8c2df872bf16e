/*
 * Consent records as JSON-LD with the terms of ISO/IEC TS 27560 in DPV, the
 * Data Privacy Vocabulary.                        docs/CONSENT.md 1.1 and 8
 *
 * Every term is a compact IRI of the context, so none is dropped, and nothing
 * is fetched to read it.
 */
#ifndef SK_TOOLS_DPV_H
#define SK_TOOLS_DPV_H

#include "protocol/base.h"
#include "tools/schakel/glossary.h"

/* One export of one participant; both views outlive it. */
struct sk_dpv {
    struct sk_glossary *glossary;
    const char *controller;
    char subject[SK_ID_TEXT_SIZE + 1]; /* a name of chance */
};

/* False when there is no chance to be had. */
bool sk_dpv_start(struct sk_dpv *e, struct sk_glossary *glossary,
                  const char *controller);
/* One consent of `consent.list`. */
json_t *sk_dpv_record(const struct sk_dpv *e, const json_t *consent);
json_t *sk_dpv_context(void);
/* {"@context", "@graph"}; takes the reference. */
json_t *sk_dpv_document(json_t *graph);

#endif
