#!/bin/sh
# The rights of a participant on real nodes, in Dutch: to be corrected, to
# object, and to be forgotten.
# docs/CONSENT.md 5
set -u
build=${1:?}
failed=0
ok() { echo "ok - $1"; }
bad() { echo "not ok - $1"; failed=1; }
check() { if [ "$2" = 0 ]; then ok "$1"; else bad "$1"; fi; }
LANG=nl_BE.UTF-8; export LANG
report=$(mktemp)
# shellcheck disable=SC2086
finish() {
  [ -z "${pids:-}" ] || kill $pids 2>/dev/null
  rm -f "$report"
  [ -z "${root:-}" ] || rm -rf "$root"
}
trap finish EXIT
trap 'exit 1' INT TERM
"$build/schakel" rehearse --keep --json tests/scenarios/X1.yaml > "$report" 2>&1
root=$(sed -n 's/.*"root": "\(.*\)".*/\1/p' "$report")
pids=$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' "$report")
[ -n "$root" ] && [ -n "$pids" ] || { bad "the story leaves its nodes running"; exit 1; }

at() { # NODE COMMAND...: for people
  node=$1; shift
  "$build/schakel" "$@" --dir "$root/$node"
}
json() { # NODE COMMAND...
  node=$1; shift
  "$build/schakel" "$@" --dir "$root/$node" --json
}
value() { sed -n 's/.*"'"$1"'": "\([^"]*\)".*/\1/p' | head -1; }
until_true() { # COMMAND: within a minute or two
  n=0
  while [ $n -lt 300 ]; do
    eval "$1" 2>/dev/null && return 0
    sleep 0.2; n=$((n + 1))
  done
  return 1
}
# nowhere WHEN WORD...: no file of any node has it
nowhere() {
  when=$1; shift
  for word; do
    ! grep -rFaq -- "$word" "$root"
    check "$when: '$word' is in no file" $?
  done
}

# ---- a participant whose data went to a partner
person=$(json ocmw-mol participant add --given-name Kanarienaam \
  --family-name Kanariefamilie --birth-date 1984-03-14 --insz 84031499777 |
  value participant)
json ocmw-mol relation open "$person" sopraco --from 2027-02-28 >/dev/null
json ocmw-mol consent give "$person" --until 2027-09-21 --purposes work.placement \
  --recipients sopraco --categories identity.name,work.job --notice "$report" >/dev/null
job=$(json ocmw-mol event record "$person" workplace.started \
  --fields workplace_kind=art60_7 --fields workplace_org=1999900765 \
  --fields start_date=2027-03-01 --fields hours_week=38 \
  --fields given_name=Kanarienaam | value event)
message=$(json ocmw-mol disclosure send "$job" --to sopraco --for work.placement |
  value message)
until_true 'json sopraco inbox open "$message" 2>/dev/null | grep -q Kanarienaam'
check "a partner reads about a participant" $?

# ---- to be corrected
right=$(json ocmw-mol event correct "$job" --fields given_name=Kanarienaamjuist |
  value event)
[ -n "$right" ]
check "an event is corrected" $?
at ocmw-mol event correct "$right" --fields hours_week=30 |
  grep -q "Sopraco.* krijgt de juiste waarde"
check "the coach sees who gets the right value" $?
until_true 'json sopraco inbox open "$message" | grep -q "\"hours_week\": \"30\""'
check "the partner has it" $?
at sopraco inbox open "$message" >"$report"
grep -q "niet meer gebruiken" "$report" && grep -q Kanarienaamjuist "$report"
check "and sees what is not to be used any more" $?
at sopraco inbox corrected "$message" | grep -q "De foute waarde is gewist"
check "a person there takes it over" $?
! json sopraco inbox open "$message" | grep -q '"wrong"'
check "then the wrong value is gone" $?
until_true 'at ocmw-mol participant report "$person" | grep -q "nam het over op"'
check "the participant reads that it was corrected" $?
at ocmw-mol participant report "$person" | grep -q "We stuurden wat juist is"
check "and what was wrong" $?

# ---- to object
json ocmw-mol relation open "$person" vdab-kempen --from 2027-02-28 >/dev/null
at ocmw-mol participant object "$person" --recipients vdab-kempen \
  --reason "Ik wil dat niet." >"$report"
grep -q "Dit stopt nu:" "$report" && grep -q "VDAB.*steunt op een openbare taak" "$report"
check "the coach reads what an objection stops" $?
objection=$(sed -n 's/^Bezwaar genoteerd op [0-9-]*: //p' "$report")
at ocmw-mol agenda --tell privacy | grep -q "Bezwaar beantwoorden"
check "the officer is told" $?
at ocmw-mol participant report "$person" | grep -q "We stopten ermee.  Je krijgt nog een antwoord."
check "the participant reads that it stopped" $?
at ocmw-mol objection answer "$person" "$objection" --answer rejected --by "Els Maes" \
  --reason "Zonder dit kan de begeleiding niet verder." | grep -q "niet gevolgd"
check "a person answers, with grounds" $?
at ocmw-mol objection list "$person" | grep -q "Antwoord van Els Maes .*Zonder dit kan"
check "with a name and a reason" $?
at ocmw-mol participant report "$person" >"$report"
grep -q "We gaan toch verder" "$report" && grep -q "Els Maes antwoordde op .*Zonder dit kan" "$report"
check "which the participant reads too" $?
! grep -q "Bereik ons zo" "$report" &&
  at ocmw-mol contact set --text "014 00 00 00, privacy@ocmw-mol.example.be" >/dev/null &&
  at ocmw-mol participant report "$person" >"$report" &&
  grep -q "^   Bereik ons zo: 014 00 00 00, privacy@ocmw-mol.example.be$" "$report"
check "and how to reach the privacy officer" $?
json ocmw-mol participant report "$person" >"$report"
python3 - "$report" <<'PYTHON'
import json, sys
result = json.load(open(sys.argv[1]))['result']
words = result['words']
assert result['contact'] == '014 00 00 00, privacy@ocmw-mol.example.be'
one = result['disclosures'][0]
for code in [one['to'], one['type'], one['purpose']] + [f['field'] for f in one['fields']]:
    assert words[code] and words[code] != code, code
assert words['vdab-kempen'].startswith('VDAB')
PYTHON
check "for a program, each code has its word" $?
at ocmw-mol contact clear >/dev/null &&
  at ocmw-mol participant report "$person" >"$report" &&
  grep -q "privacyverantwoordelijke" "$report" && ! grep -q "Bereik ons zo" "$report"
check "and it can be taken away again" $?

at ocmw-mol participant show "$person" >"$report"
grep -q "toestand  *niet gevolgd" "$report" && ! grep -q -e "^  objection" -e "^  answer " "$report"
check "a coach reads no words of the machine in it" $?

# ---- all of it as a file
other=$(json ocmw-mol participant add --given-name Nietvanhem --family-name Anders | value participant)
json ocmw-mol event record "$other" goal.set --fields occupation=8344.1 --fields preference_kind=wanted >/dev/null
at ocmw-mol participant export "$person" >"$report"
grep -q Kanarienaamjuist "$report" && grep -q 84031499777 "$report" && grep -q '"to": "sopraco"' "$report"
check "the participant gets a file with what is here and who got it" $?
! grep -q -e Nietvanhem -e "$other" -e 8344.1 "$report"
check "and with nobody else in it" $?
for python in /usr/bin/python3 python3; do
  "$python" -c 'import jsonschema' 2>/dev/null && break
done
"$python" - "$report" docs/participant-export.schema.json <<'P'
import json, sys, jsonschema
data, schema = (json.load(open(name)) for name in sys.argv[1:])
check = jsonschema.Draft202012Validator(schema)
check.check_schema(schema)
errors = list(check.iter_errors(data))
for e in errors:
    print("#", list(e.path), e.message)
# Every list that has something: a schema of empty lists says nothing.
empty = [k for k in ("consents", "events", "objections", "relations", "shared") if not data[k]]
sys.exit(bool(errors or empty))
P
check "it is as its schema says" $?
other=$(json sopraco participant add --given-name Kanarienaam | value participant)
json sopraco inbox assign "$message" "$other" >/dev/null
at sopraco participant export "$other" >"$report"
grep -q Kanarienaamjuist "$report" && grep -q '"from": "ocmw-mol"' "$report"
check "a partner's has what it received" $?

# ---- to be forgotten
json ocmw-mol participant erase "$person" --ground omdat | grep -q '"bad-argument"'
check "a ground of the law is needed" $?
at ocmw-mol participant erase "$person" --ground not-needed >"$report"
grep -q "Dit knooppunt kan niets meer lezen over deze deelnemer" "$report" &&
  grep -q "Gevraagd om te wissen: Sopraco.*berichten: 1" "$report"
check "the coach sees what is erased, and who is asked" $?
at ocmw-mol participant show "$person" 2>&1 | grep -q "niet bekend"
check "the participant is not known any more" $?
json ocmw-mol participant find --insz 84031499777 | grep -q '"participants": \[\]'
check "and not found by number" $?
at ocmw-mol participant erasure "$person" | grep -q "Sopraco.*: nog geen antwoord, berichten: 1"
check "the report waits for the partner" $?
json ocmw-mol status | grep -q '"erasures_open": 1'
check "so does the status" $?
until_true 'at sopraco erasure list 2>/dev/null | grep -q "grond .*niet meer nodig"'
check "the partner is asked, with the ground" $?
at sopraco agenda | grep -q "De deelnemer vraagt om te wissen: niet meer nodig"
check "its agenda says that the participant asks" $?
! at sopraco agenda --from 2026-01-01 --after 1 | grep -q "vraagt om te wissen"
check "once: on the first page" $?
ics=$(at sopraco agenda --ical)
printf "%s\n" "$ics" | grep -q 'SUMMARY:Wissen wat een partner vroeg' &&
  printf "%s\n" "$ics" | grep -q 'DESCRIPTION:schakel erasure list.nvraag ' &&
  ! printf "%s\n" "$ics" | grep -qi ocmw
check "its calendar too, without a partner" $?
json sopraco inbox open "$message" | grep -q '"unknown-message"'
check "the partner does not read it any more" $?
json sopraco erasure confirm ocmw-mol >/dev/null
until_true 'at ocmw-mol participant erasure "$person" | grep -q "Alle antwoorden zijn er"'
check "the answer comes" $?
at ocmw-mol participant erasure "$person" | grep -q "Sopraco.*: gewist, berichten: 1" &&
  at ocmw-mol participant erasure "$person" | grep -q "Hier: gewist"
check "one report: here and at the partner" $?
! json ocmw-mol status | grep -q erasures_open
check "nothing is waited for" $?
nowhere "while they run" Kanarienaam Kanariefamilie 84031499777

# ---- keys of the person are in no file: LMDB has owner and wrapped key
key=$(echo "$person" | tr -d -)
! od -An -v -tx1 "$root/ocmw-mol/keys.mdb" | tr -d ' \n' | grep -q "$key"
check "the person's data key is gone from its file" $?

# shellcheck disable=SC2086
kill $pids
for pid in $pids; do
  n=0
  while kill -0 "$pid" 2>/dev/null && [ $n -lt 300 ]; do sleep 0.1; n=$((n + 1)); done
done
pids=
nowhere "after they stopped" Kanarienaam Kanariefamilie 84031499777
exit $failed
