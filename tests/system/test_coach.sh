#!/bin/sh
# What a coach reads and does on the command line: the nodes of a story stay
# up, and somebody looks around.
#   sh tests/system/test_coach.sh BUILD_DIR
. tests/system/check.inc

TMPDIR=$work LANG=nl_BE.UTF-8 "$build/schakel" rehearse --keep \
  tests/scenarios/S2A.yaml >"$work/story" 2>&1
check "the story runs and stays" $?
pids=$(sed -n 's/.*# pid \([0-9]*\)$/\1/p' "$work/story")
root=$(sed -n 's/.*--dir \(.*\)\/buso .*/\1/p' "$work/story")

nl() { # ORG WORD...
  org=$1
  shift
  LANG=nl_BE.UTF-8 "$build/schakel" "$@" --dir "$root/$org" \
    >"$work/out" 2>"$work/err"
}
json() { # ORG KEY WORD...: the first value of that key
  org=$1
  key=$2
  shift 2
  "$build/schakel" "$@" --json --dir "$root/$org" 2>/dev/null |
    tr -d ' \n' | grep -o "\"$key\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4
}
says() { grep -qF -- "$1" "$work/out"; }

SCHAKEL_DIR=$root/buso TMPDIR=$work "$build/schakel" rehearse \
  tests/scenarios/S2A.yaml >"$work/out" 2>"$work/err"
check "another runs beside a node of one's own" $?

# ------------------------------------------------------------ the inbox
nl gtb inbox list && says 'BuSO De Brug' && says 'Overdracht gevraagd' &&
  says 'Warme overdracht' && says '2027-05-04 09:05'
check "the inbox names partners, events and purposes, in local time" $?

message=$(json gtb message inbox list)
nl gtb inbox open "$message"
check "a message opens" $?
printf '%s\n' 'Wat de deelnemer zelf wil' 'De vraag' 'Niet opnieuw vragen' \
  'Hoe te bereiken' 'Wie belt wie' >"$work/want"
grep -xF -f "$work/want" "$work/out" | cmp -s - "$work/want"
check "what the participant wants comes first, then the rest in its order" $?
says 'Brommer' && says '20 mei 2027 om 16:00' && says '(alleen het jaar)'
check "codes, times and levels are words" $?
! grep -q 'moped\|participant_goal\|2027-05-20T' "$work/out"
check "no code is left on the screen" $?
LANG=C "$build/schakel" inbox open "$message" --dir "$root/gtb" |
  grep -q 'What the participant wants'
check "and in English" $?

# ------------------------------------------------------------ the handover
handover=$(json gtb handover handover list)
nl gtb handover show "$handover" &&
  says 'Overdracht, van BuSO De Brug (fictief): overgedragen' &&
  says 'Warme overdracht' && says 'wacht op          niemand' &&
  says 'verantwoordelijk  GTB Kempen' &&
  says 'Wat u al van BuSO De Brug (fictief) kreeg over deze persoon' &&
  says 'nog niets' && ! grep -q 'warm$\|receiver\|waits_for' "$work/out"
check "a handover says how it stands, in words" $?
nl buso handover show "$handover" &&
  says 'Overdracht, naar GTB Kempen: overgedragen'
check "at both sides" $?

nl buso inbox && says 'Afgelopen' && says 'GTB Kempen: Bel de deelnemer' &&
  says "schakel handover show $handover" && says 'gezien: schakel agenda done'
check "how it ended stands in the work list until it was seen" $?

nl gtb inbox && says 'Niets nieuws, en niets dat wacht.'
check "the work list is empty when all is done" $?

# ------------------------------------------------------------ who got what
person=$(json buso participant participant list)
nl buso handover request "$person" --to gtb --fields handover_kind=warm \
  --fields handover_reason=next_step --fields participant_goal=Hout \
  --fields question=Verder? --fields respond_by=2027-06-01 \
  --fields given_name=Jonas --fields coach_name=Iris \
  --fields coach_phone=+3214000003 && says 'Er vertrok nog niets.' &&
  grep -q 'schakel disclosure preview [0-9a-f-]* --to gtb --for DOEL' "$work/out"
check "a request without a purpose says that nothing left, and what is next" $?
nl buso status && says logboek && ! grep -q '^journal\|entries' "$work/out"
check "the status in words" $?
nl buso peer show gtb && says 'adres  ' && says 'sleutel van de lijn' &&
  ! grep -q 'endpoint\|transport' "$work/out"
check "and a partner" $?
nl buso disclosure list "$person" && says 'Overdracht gevraagd -> GTB Kempen' &&
  says 'alleen het jaar' && says 'geen regel deelt dit'
check "who got what, how precise, and what stayed" $?

nl buso participant report "$person" && says 'Wie kreeg wat over jou?' &&
  says 'Aan GTB Kempen' && says 'Geboortedatum (alleen het jaar)' &&
  says 'GTB Kempen wist dit ten laatste op 4 november 2027.' &&
  says 'Je zei ja op 3 mei 2027.' && says 'Iemand bij GTB Kempen las het.'
check "the participant gets it on paper" $?
! grep -q 'guidance\.\|birth_date\|Volgens regel: *$\|{}' "$work/out"
check "in plain words" $?
says 'GTB Kempen begeleidt je.' && says 'Waar zeg je nu ja op?' &&
  says 'Met wie: GTB Kempen' && says 'Het stopt vanzelf na 31 juli 2027.' &&
  says 'Waarom: Zodat' && says 'Vraag naar onze privacyverantwoordelijke.'
check "who guides, why, what one said yes to, and whom to ask" $?
[ "$(grep -o '^Aan [A-Z]*' "$work/out" | tr -d '\n')" = 'Aan HAan GTB' ]
check "in order of time" $?
nl buso participant object "$person" \
  --reason "$(printf 'Niet \342\200\256over mijn stage.')"
[ $? = 1 ] && grep -q 'onzichtbaar teken in deze tekst.*reason (teken 6)' \
  "$work/err" && grep -q 'opnieuw in' "$work/err"
check "what cannot be seen is refused, with its place" $?

# ------------------------------------------------------------ consents, exported
"$build/schakel" consent export "$person" --format dpv --dir "$root/buso" \
  >"$work/dpv.json" 2>"$work/err"
check "the consents are exported" $?
# The Python that has the Debian packages (tools/dev/setup.sh).
for python in python3 /usr/bin/python3; do
  $python -c 'import pyld' 2>/dev/null && break
done
$python - "$work/dpv.json" "$person" >"$work/out" 2>&1 <<'END'
import json, sys
from pyld import jsonld
text = open(sys.argv[1]).read()
assert sys.argv[2] not in text, 'the participant is named'
doc = json.loads(text)
flat = jsonld.expand(doc)
assert len(flat) == len(doc['@graph']) > 0
dpv = 'https://w3id.org/dpv#'
for record, source in zip(flat, doc['@graph']):
    # No term is dropped: each key of the source is one of the expansion.
    assert len(record) == len(source), (record, source)
    assert dpv + 'ConsentRecord' in record['@type']
    assert record[dpv + 'hasConsentStatus'][0]['@id'].startswith(dpv)
    assert record[dpv + 'hasDataSubject'][0]['@id'].startswith('urn:uuid:')
given = [r for r in flat if dpv + 'hasPurpose' in r]
assert given and given[0][dpv + 'hasRecipient']
subjects = {r[dpv + 'hasDataSubject'][0]['@id'] for r in flat}
assert len(subjects) == 1
END
check "as JSON-LD with no dropped term, under a name of chance" $?

# The officer's export: the same records, beside what they speak of.
bundle=policies/library/school-naar-werk/nodes/buso
"$build/schakel" policy export $bundle --format dpv --day 2027-05-04 \
  --participant "$person" --dir "$root/buso" >"$work/officer.json" 2>"$work/err"
check "with the policy, for its officer" $?
$python - "$work/officer.json" "$work/dpv.json" "$person" >"$work/out" 2>&1 <<'END'
import json, sys
from pyld import jsonld
text = open(sys.argv[1]).read()
assert sys.argv[3] not in text, 'the participant is named'
dpv = 'https://w3id.org/dpv#'
flat = jsonld.expand(json.loads(text))
processes = {p['@id']: p for p in flat if p['@type'] == [dpv + 'Process']}
records = [r for r in flat if dpv + 'ConsentRecord' in r['@type']]
alone = jsonld.expand(json.load(open(sys.argv[2])))
assert processes and len(processes) + len(records) == len(flat)
assert [r['@id'] for r in records] == [r['@id'] for r in alone]
linked = 0
for r in records:
    for one in r.get(dpv + 'hasProcess', []):
        p = processes[one['@id']]
        for term in 'hasRecipient', 'hasPurpose':
            assert p[dpv + term][0]['@id'] in {t['@id'] for t in r[dpv + term]}
        linked += 1
assert linked > 0
END
check "each consent beside the processing that it allows" $?

# ------------------------------------------------------------ taking it back
placement=$(json houtzaak message inbox list)
nl houtzaak inbox withdraw "$placement" --categories health --form spoken &&
  says 'Doorgegeven aan' && says 'ziet u straks niet'
check "a withdrawal is accepted at the company" $?
for _ in $(seq 100); do
  nl buso consent list "$person"
  says 'ingetrokken' && break
  sleep 0.1
done
says 'doorgegeven door' && says 'Houtzaak'
check "the school has it, and who passed it on" $?
for _ in $(seq 100); do
  nl houtzaak erasure list
  says adaptations && break
  sleep 0.1
done
says adaptations && nl houtzaak agenda && says 'Te wissen' &&
  says 'uiterlijk 20' && says 'schakel erasure confirm buso --notice' &&
  nl houtzaak status && ! grep -q 'TE LAAT\|frame_sizes\|pending_up' "$work/out" &&
  nl houtzaak erasure confirm buso
check "the company is asked to erase just that" $?
for _ in $(seq 100); do
  nl buso disclosure list "$person"
  says 'intrekking: gewist' && break
  sleep 0.1
done
says 'intrekking: gewist' && says ', gewist' && ! grep -q teruggeroepen "$work/out"
check "and the school sees that it is gone" $?
nl buso participant report "$person" &&
  says 'Aanpassingen op de werkplek - gewist' &&
  says 'Houtzaak (fictief) wiste wat we terugvroegen op' &&
  ! grep -q 'gevraagd om te wissen' "$work/out"
check "so does the participant" $?
nl houtzaak inbox open "$placement" && ! grep -q 'Pauzes\|Aanpassingen' \
  "$work/out"
check "the company no longer sees it" $?
nl houtzaak inbox withdraw "$placement" --categories gezondheid
[ "$?" = 1 ] && grep -q gezondheid "$work/err"
check "a word that nobody knows is refused" $?
nl buso consent give "$person" --until 2027-04-01 --recipients niemand \
  --purposes guidance.handover --categories health --form paper \
  --notice README.md
[ "$?" = 1 ] && grep -q 'partner staat niet in het charter' "$work/err"
check "who is no partner is named as that" $?

# ------------------------------------------------------------ the company leaves
nl houtzaak leave && says 'Zo staat het als uw organisatie nu weggaat' &&
  says 'van hun berichten hier: 1' && says 'schakel leave --confirm houtzaak' &&
  nl houtzaak inbox open "$placement"
check "what is open is shown before anything changes" $?
nl houtzaak leave --confirm hautzaak
[ "$?" = 2 ] && grep -q 'er is niets veranderd' "$work/err" &&
  nl houtzaak inbox open "$placement"
check "leaving needs the name of the organisation" $?
nl houtzaak leave --confirm houtzaak && says 'verlaat de federatie, sinds' &&
  says 'van hun berichten gewist: 1'
check "it leaves, and says what it erased" $?
for _ in $(seq 100); do
  nl houtzaak leave
  says 'Vraag de hoeders van het charter' && break
  sleep 0.1
done
says 'BuSO De Brug (fictief): klaar' && says 'Vraag de hoeders van het charter'
check "when all is settled it says what comes next" $?
nl houtzaak inbox open "$placement"
[ "$?" = 1 ] && nl buso peer holds houtzaak && says ' 1  gewist, zegt de partner' &&
  says ' 0  heeft de partner nog, voor zover bekend'
check "what it held is gone, and the school sees that" $?
evaluation=$(json houtzaak event event list \
  "$(json houtzaak participant participant list)")
nl houtzaak disclosure send "$evaluation" --to buso --for guidance.joint
[ "$?" = 1 ] && grep -q 'er gaat niets nieuws weg' "$work/err"
check "nothing new goes out" $?
nl buso peer bestaatniet houtzaak
[ "$?" = 2 ]
check "a command of two words that does not exist is no other one" $?

# ------------------------------------------------------------ when time is over
nl buso clock set 2028-07-01T09:00:00Z && nl buso participant report "$person" &&
  says 'De tijd is om.  GTB Kempen moest dit wissen op 4 november 2027.' &&
  says 'Je zegt nu nergens ja op.'
check "the participant reads that a partner had to erase it" $?

exit $failed
