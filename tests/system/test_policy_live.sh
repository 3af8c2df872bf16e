#!/bin/sh
# What a privacy officer asks a node that works: why, what a draft would have
# changed, and what it would answer now.  The nodes of a story stay up.
#   sh tests/system/test_policy_live.sh BUILD_DIR
. tests/system/check.inc

TMPDIR=$work LANG=nl_BE.UTF-8 "$build/schakel" rehearse --keep \
  tests/scenarios/S2A.yaml >"$work/story" 2>&1
check "the story runs and stays" $?
pids=$(sed -n 's/.*# pid \([0-9]*\)$/\1/p' "$work/story")
root=$(sed -n 's/.*--dir \(.*\)\/buso .*/\1/p' "$work/story")
node=$root/buso

run() { # WORD...: at the school; the exit status
  "$build/schakel" "$@" --dir "$node" >"$work/out" 2>"$work/err"
}
values() { # KEY WORD...: every value of that key
  key=$1
  shift
  "$build/schakel" "$@" --json --dir "$node" 2>/dev/null | tr -d ' \n' |
    grep -o "\"$key\":\"[^\"]*\"" | cut -d '"' -f 4
}
says() { grep -qF -- "$1" "$work/out"; }
silent() { ! grep -q 'Jonas\|Mertens\|2008-05\|Iris' "$work/out"; }

person=$(values participant participant list | head -n 1)
# The handover, and the workplace.
for one in $(values message disclosure list "$person"); do
  case $(values purpose message show "$one") in
  guidance.handover) handover=$one ;;
  work.placement) place=$one ;;
  esac
done
event=$(values event message show "$handover")

# ------------------------------------------------------------ why
run policy explain --message "$handover" && says 'JA: dit mag' &&
  says 'alleen het jaar [year]  <- warm-handover' &&
  says 'Op:          2027-05-04 09:05' &&
  says 'Van toen: het beleid, het charter, de akkoorden' &&
  says 'Van nu, met hun eigen dagen: banden' &&
  says 'Zo staat het ook in het grootboek.'
check "why a message went, as it was then" $?
run policy explain --event "$event" --to houtzaak --for guidance.handover &&
  says 'NEE' && says '[no-rule]' && says 'Zo antwoordt het knooppunt nu ook.' &&
  ! says 'Van toen'
check "why an event does not go, as it is now" $?
run policy explain --event "$event" --to houtzaak
[ $? = 2 ]
check "half a question is refused" $?
run policy explain --message "$event"
[ $? = 1 ] && grep -q "hier niet bekend" "$work/err"
check "a message that is none is refused" $?

# ------------------------------------------------------------ of one person
matrix() { run policy matrix "$@"; }
matrix --person "$person" && says 'Deelnemer: '"$person" && silent &&
  grep -q '^    Geboortedatum  *jaar  *x (1)$' "$work/out" &&
  says '(1) er is geen akkoord [consent-missing]' &&
  says 'geen band tussen de deelnemer en deze partner [not-linked]'
check "who can see what of one person, and why not" $?
matrix --person "$person" --day 2027-06-01 --to houtzaak &&
  grep -q '^    Uren per week  *volledig' "$work/out" && ! says ' x '
check "and on a day when there was a relation and a consent" $?
matrix --person "$person" --format md --lang en --to vdab &&
  says '| nothing: there is no consent |'
check "as a table" $?
matrix --person "$person" --format csv && says "deelnemer $person" &&
  says '"niets: er is geen akkoord"'
check "for a spreadsheet" $?
matrix --person "$person" --json
python3 - "$work/out" <<'END'
import json, sys
m = json.load(open(sys.argv[1]))
cells = {(c["to"], c["field"]): c for c in m["cells"]}
sys.exit(not (m["at"][:10] == m["day"] and m["person"]
  and cells["gtb", "birth_date"]["level"] == "year"
  and cells["vdab", "birth_date"] == cells["vdab", "birth_date"] | {
    "level": None, "most": "year", "reason": "consent-missing"}
  and all((c["level"] == c["most"]) == ("reason" not in c)
          for c in m["cells"])))
END
check "and for programs" $?
matrix --person "$event"
[ $? = 1 ] && grep -q "hier niet bekend" "$work/err"
check "of a person who is not there" $?
matrix --to gtb --day 2027-06-01 && says 'Het meeste dat kan' &&
  ! says houtzaak
check "what is in force at the node" $?

# ------------------------------------------------------------ a draft
# As the story has them: what the node knows as its charter and its policy.
draft=$work/draft
mkdir "$draft"
"$build/schakel" charter text --json --dir "$node" >"$work/charter"
"$build/schakel" policy version --json --dir "$node" >"$work/version"
python3 - "$work" <<'END'
import json, sys
work = sys.argv[1]
charter = json.load(open(work + "/charter"))
version = json.load(open(work + "/version"))
charter = charter.get("result", charter)
version = version.get("result", version)
for name in "vocabulary", "guards", "partners":
    open(f"{work}/draft/{name}.yaml", "w").write(charter[name])
open(work + "/draft/policy.yaml", "w").write(version["policy"])
END
cat >"$draft/bundle.yaml" <<'END'
format: bundle/1
bundle: buso
vocabulary: vocabulary.yaml
guards: guards.yaml
partners: partners.yaml
policy: policy.yaml
END
run policy replay "$draft" --since 2027-01-01 &&
  says 'Wat vertrok: 2 berichten. Hetzelfde 2, enger 0, ruimer 0' &&
  says 'Nieuw mogelijk 0, ruimer 0, enger 0, niet meer mogelijk 0.'
check "the policy in force, as a draft, changes nothing" $?
run policy replay "$draft" --since 1d && says 'Wat vertrok: 0 berichten.'
check "only what left since" $?

# The hours no longer to the workplace, the day of birth to the next coach.
cp "$draft/policy.yaml" "$work/in-force.yaml"
sed -e 's/^version: 1$/version: 2/' -e 's/birth_date: year /birth_date: exact /' \
  -e '/schedule: exact/d' "$draft/policy.yaml" >"$work/policy.yaml"
cp "$work/policy.yaml" "$draft/policy.yaml"
run policy replay "$draft" --since 2027-01-01
[ $? = 10 ] && says 'Hetzelfde 0, enger 1, ruimer 1, zou niet vertrokken' &&
  says 'birth_date: year -> exact' && says 'schedule: exact -> none' &&
  says "$handover  gtb, guidance.handover, handover.requested: RUIMER" &&
  says "$place  houtzaak, work.placement, workplace.started: enger" && silent
check "what would have gone wider and narrower, without values" $?
run policy replay "$draft" --since 2027-01-01 --json
[ $? = 10 ] && tr -d ' \n' <"$work/out" | grep -q \
  '"birth_date":{"was":"year","would":"exact"}' && silent
check "and for programs" $?
run policy replay "$draft" --since 366d --lang en
[ $? = 10 ] && says 'These rules begin later, and count as if they held' &&
  says 'WIDER'
check "rules that begin later count as if they had begun" $?
run policy explain "$draft" --message "$handover" &&
  says 'birth_date         gaat mee, precies [exact]' &&
  says 'Het knooppunt antwoordt of antwoordde anders:' &&
  says 'birth_date: year'
check "a message by the draft, beside what the ledger has" $?
sed 's/to: {groups: \[gtb, vdab\]}/to: {orgs: [vdab]}/' "$work/policy.yaml" \
  >"$draft/policy.yaml"
run policy replay "$draft" --since 2027-01-01
says 'zou niet vertrokken zijn 1.' && says '[no-rule]'
check "what would not have left" $?
# What nobody could get until now: a new rule, and somebody who agreed.
cat >"$work/rule" <<'END'
  - id: nieuw
    text: Wie nu begeleidt, weet waar de stage was.
    to: {groups: [gtb]}
    for: [guidance.handover]
    what: {workplace.started: {workplace_kind: exact, start_date: exact}}
    basis: {gdpr: public-task, reference: Voorbeeld}
    retain: {for: 6 months, from: sent}
    valid: {from: 2026-09-01, until: 2028-08-31}
END
sed -e 's/^version: 1$/version: 2/' -e "/^share:/r $work/rule" \
  "$work/in-force.yaml" >"$draft/policy.yaml"
run policy replay "$draft" --since 2027-01-01 &&
  says 'Nieuw mogelijk 0, ruimer 0'
check "a rule for which nobody agreed lets nothing more through" $?
printf 'Mag dit?' >"$work/notice"
run consent give "$person" --until 2027-10-01 --purposes guidance.handover \
  --recipients gtb --categories work.job --given-by self --form screen \
  --notice "$work/notice" --notice-id n/1
run policy replay "$draft" --since 2027-01-01
[ $? = 10 ] && says 'Nieuw mogelijk 1, ruimer 0, enger 0, niet meer' &&
  says 'gtb, guidance.handover, workplace.started: NIEUW mogelijk' &&
  says '    start_date workplace_kind' && silent
check "what could go now and could not" $?
run policy replay "$draft"
[ $? = 2 ]
check "a replay of nothing is refused" $?

# ------------------------------------------------------------ the shadow
cp "$work/policy.yaml" "$draft/policy.yaml"
preview() {
  "$build/schakel" disclosure preview "$event" --to gtb \
    --for guidance.handover --json --dir "$node" >"$work/$1" 2>&1
}
preview before
grep -q permit "$work/before"
check "something to preview" $?
run policy shadow --show && says 'Er loopt geen ontwerp mee.'
check "no draft runs along" $?
run policy shadow "$draft" && says 'beslist niets: buso/2'
check "a draft runs along" $?
preview after
cmp -s "$work/before" "$work/after"
check "and what the node answers is the same" $?
preview after
run policy shadow --show &&
  says 'gtb, guidance.handover, handover.requested: zou MEER sturen 2;' &&
  silent
check "its answers are counted, without values" $?
cp "$work/out" "$work/counts"

pid=$(sed -n "s|.*--dir $node .*# pid \([0-9]*\)\$|\1|p" "$work/story")
tr '\0' '\n' <"/proc/$pid/cmdline" >"$work/cmdline"
kill -9 "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
# The program and its arguments, as they were.
# shellcheck disable=SC2046
$(cat "$work/cmdline") >"$work/log" 2>&1 &
pids="$pids $!"
for _ in $(seq 100); do
  run status && break
  sleep 0.1
done
run policy shadow --show && cmp -s "$work/out" "$work/counts"
check "the counts survive kill -9" $?
run policy shadow --stop && says 'Er loopt geen ontwerp mee.' &&
  run policy shadow --show && says 'Er loopt geen ontwerp mee.'
check "and are gone when it stops" $?

exit $failed
