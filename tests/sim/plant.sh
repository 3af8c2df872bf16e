#!/bin/sh
# Does the simulator find bugs?  Each of these is one line of the engine made
# wrong, in a scratch copy; all of them must be found within SEEDS seeds.
#
#     sh tests/sim/plant.sh [SEEDS [WORD]]   (2000; takes some minutes)
#
# With a WORD only those that have it in their name.
set -u
seeds=${1:-2000}
word=${2:-}
here=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for folder in Makefile protocol policies node tools tests; do
    cp -R "$here/$folder" "$scratch/"
done
cd "$scratch" || exit 1
missed=0

# NAME FILE OLD NEW: the text OLD is in FILE once, and becomes NEW.
plant() {
    case $1 in *"$word"*) ;; *) return ;; esac
    cp "$2" kept.c
    OLD=$3 NEW=$4 perl -0pi -e \
        '$n = s/\Q$ENV{OLD}\E/$ENV{NEW}/; END { exit($n ? 0 : 9) }' "$2" || {
        echo "not ok - $1: $2 reads otherwise by now"
        missed=$((missed + 1))
        cp kept.c "$2"
        return
    }
    if ! make -s B=build/plant build/plant/sim >build.log 2>&1; then
        echo "not ok - $1: does not compile"
        tail -3 build.log
        missed=$((missed + 1))
    elif build/plant/sim --seeds "1..$seeds" >out.log 2>err.log; then
        echo "not ok - $1: not found in $seeds seeds"
        missed=$((missed + 1))
    else
        echo "ok - $1: $(sed -n 's/^-- again:.*--\(seed [0-9]*\).*/\1/p' err.log)," \
            "$(sed '/^--/d; s/^seed [0-9]*, //' err.log | head -1)"
    fi
    cp kept.c "$2"
}

make -s B=build/plant build/plant/sim >build.log 2>&1 || {
    cat build.log
    exit 1
}

plant "I1: a denial is not heeded when a message leaves" \
    node/engine/gate.c \
    'if (!answer->decision.permit)
        return drop(' \
    'if (false)
        return drop('
plant "I1: a closed relation still counts" \
    policies/decide.c \
    'if (!sk_bond_covers(a->facts->links, a->org, a->day))' \
    'if (false)'
plant "I2: facts that changed are not read again" \
    node/engine/facts.c \
    '&& is_current(e, kept)) {' \
    '&& (kept->facts != NULL || is_current(e, kept))) {'
plant "I3: the ledger does not keep the level" \
    node/engine/gate.c \
    '.level = sent ? field->level_name : (struct sk_bytes){0}};' \
    '.level = sent ? sk_text("present") : (struct sk_bytes){0}};'
plant "I4: a batch that failed is not forgotten" \
    node/engine/engine.c \
    'take_lines_back(e, batch);' \
    '(void)take_lines_back;'
plant "I6: who lets go keeps it too" \
    node/engine/handover_apply.c \
    'SK_TRY(sk_trajectory_put(e, &t));
    return sk_tell_released(e, h, &t);' \
    'return sk_tell_released(e, h, &t);'
plant "I6: who gets it does not take it" \
    node/engine/handover_owner.c \
    'SK_TRY(sk_trajectory_put(e, &t));
    if (forgot)' \
    'if (forgot)'
plant "I7: nobody is told of a withdrawal" \
    node/engine/withdraw.c \
    'SK_TRY(sk_outbox_item(e, &first->to, item));' \
    '(void)item;'
plant "I7: what is erased stays" \
    node/engine/inbox.c \
    'if (all)
        return drop_record(e, id, record);' \
    'if (all)
        return SK_OK;'
plant "I7: what was told by a partner is only noted" \
    node/engine/told.c \
    'status =
        sk_withdraw_recall(e, &record->participant, &record->consent, &keys);' \
    'keys = 0;
    status = keys > 0 ? SK_E_IO : SK_OK;'
plant "I7: a withdrawal in parts ends with the first" \
    node/engine/recall_later.c \
    'return page.more ? put(e, later) : drop(e, later);' \
    'return drop(e, later);'
plant "I7: a restored node is not told what partners hold" \
    node/engine/held.c \
    'while (count < HELD_MAX) {' \
    'while (count > HELD_MAX) {'
plant "I9: the handle is the participant's id" \
    node/engine/relation.c \
    'sk_new_id(e, &relation.of.handle.id);' \
    'relation.of.handle.id = id.id;'
plant "I9: what is sealed is written open too" \
    node/engine/vault.c \
    'return sk_vault_put_behind(e, owner, (struct sk_bytes){0}, key, plain);' \
    'SK_TRY(sk_meta_put(e, "open", plain));
    return sk_vault_put_behind(e, owner, (struct sk_bytes){0}, key, plain);'
plant "I10: one item is skipped when a line comes back" \
    node/engine/session.c \
    's->sent += h->cursor;' \
    's->sent += h->cursor + 1;'
plant "I10: the cursor stays behind" \
    node/engine/receive.c \
    'log.peer_cursor = items->first + items->count - 1;' \
    'log.peer_cursor = items->first;'
plant "I10: what is gone from a line is not sent again" \
    node/engine/session.c \
    'return s->flight_count > 0 || s->log.stored < s->sent;' \
    'return s->flight_count > SK_IN_FLIGHT_MAX;'
plant "I7: a restored node is not told what was taken back" \
    node/engine/taken.c \
    'while (count-- > 0) {' \
    'while (count-- > 20000) {'
plant "journals: a proof that does not hold is taken for good" \
    node/engine/witness.c \
    'return verdict == SK_VERDICT_OPEN ?' \
    'return verdict != SK_VERDICT_RESTORED ?'
plant "journals: who is found to lie is not told" \
    node/engine/witness.c \
    'return sk_wire_refuse(e, s, "journal-forked", "journal");' \
    'return s == NULL ? SK_E_IO : SK_OK;'
plant "journals: an honest node leaves a proof out" \
    node/engine/witness.c \
    'SK_TRY(prove(e, asked->second, &message->proof.second, &broken));' \
    ''
plant "keys: a new card is told to nobody" \
    node/engine/wire.c \
    'message->kind = SK_MESSAGE_CARD;
    message->card = card;
    SK_TRY(sk_wire_send(e, s, message));' \
    'message->kind = SK_MESSAGE_CARD;
    message->card = card;
    if (s->card.version == UINT64_MAX)
        SK_TRY(sk_wire_send(e, s, message));'
plant "keys: a data key stays under the master key before" \
    node/engine/rewrap.c \
    'if (open_key(before, bound, sealed, &key) != SK_OK)
        return SK_E_WRONG_KEY;' \
    'if (open_key(before, bound, sealed, &key) != SK_OK)
        return SK_E_WRONG_KEY;
    if (sealed.size > 0)
        return SK_OK;'
plant "leave: what waits still goes out" \
    node/engine/gate.c \
    'if (leaving)
        *out = "leaving";' \
    'if (leaving && since_ms == 0)
        *out = "leaving";'
plant "leave: new things are taken in" \
    node/engine/apply.c \
    'if (leaving)
        *refusal = "partner-leaving";' \
    'if (leaving && since_ms == 0)
        *refusal = "partner-leaving";'
plant "leave: what partners sent stays" \
    node/engine/leave.c \
    'SK_TRY(sk_erasure_unasked(e, from, list, count));' \
    '(void)list;'
plant "feed: a row is passed over when a page is full" \
    node/engine/feed.c \
    'r->more = true;' \
    'r->cursor++;
            r->more = true;'
[ "$missed" -eq 0 ]
