#!/bin/sh
# schakel policy check and test: exit codes, text, JSON (docs/POLICY.md 16).
. tests/system/policy.inc
# has NAME COUNT PATTERN: so many lines of the answer.
has() {
  [ "$(grep -c -e "$3" out)" = "$2" ] && ok "$1" || bad "$1"
}
mini=cases/mini

# ----------------------------------------------------------------- check
is "check a folder" 0 "$schakel" policy check $mini
says "in Dutch unless asked" 'policy.yaml:48:19: let op W018: groep'
is "check a bundle.yaml" 0 "$schakel" policy check $mini/bundle.yaml --lang en
says "in English when asked" 'policy.yaml:48:19: warning W018: group'
LANG=en_GB.UTF-8
is "LANG asks for English" 0 "$schakel" policy check $mini
says "and gets it" 'warning W018: group'
LANG=nl_BE.UTF-8
is "LANG asks for Dutch" 2 "$schakel" policy check nowhere
says "also when it goes wrong" 'bestand'
is "but --lang wins" 2 "$schakel" policy check nowhere --lang en
says "also then" 'file'
LANG=C
is "strict counts warnings" 1 "$schakel" policy check $mini --strict
sed -i '65s/$/  # W002: de begeleider leest ze na/' $mini/policy.yaml
cp $mini/policy.yaml kept.yaml
sed -i '48s/$/   # W018: ook wie er later bij komt/' $mini/policy.yaml
is "a warning that the file accepts is none" 0 "$schakel" policy check $mini --strict
says "and is told" 'policy.yaml:48:19: aanvaard W018: groep'
says "and counted apart" '^0 fouten, 0 waarschuwingen, 2 aanvaard$'
sed -i '48s/W018/W002/' $mini/policy.yaml
is "but not one of another code" 1 "$schakel" policy check $mini --strict
{ sed -n 1,47p kept.yaml; echo '    # W018: zie hieronder'; sed '1,47d' kept.yaml; } >$mini/policy.yaml
is "also from just above" 0 "$schakel" policy check $mini --strict
{ sed -n 1,46p kept.yaml; echo '    # W018: te ver'; sed '1,46d' kept.yaml; } >$mini/policy.yaml
is "not from further" 1 "$schakel" policy check $mini --strict
says "one is not several" '^0 fouten, 1 waarschuwing, 1 aanvaard$'
cp kept.yaml $mini/policy.yaml
is "a day adds what ends soon" 0 "$schakel" policy check $mini --day 2026-12-01
says "W015 names the date" 'W015: .*2026-12-31'
is "a wrong day" 2 "$schakel" policy check $mini --day 2026-02-30
is "no bundle" 2 "$schakel" policy check nowhere
says "and what to do" '^  -> geef een map met bundle.yaml erin'
sed -i.kept 's/^partners: .*/partners: elsewhere.yaml/' $mini/bundle.yaml
is "a file that is not there" 2 "$schakel" policy check $mini
says "and the line that names it" '^  -> cases/mini/bundle.yaml:[0-9]*:11 noemt het'
mv $mini/bundle.yaml.kept $mini/bundle.yaml
is "a wrong language" 2 "$schakel" policy check $mini --lang fr
is "check as JSON" 0 "$schakel" policy check $mini --json
says "and says which command" '^  "command": "check",$'
says "and that it is good" '^  "ok": true,$'
says "errors" '^  "errors": \[\],$'
has "warnings" 1 '"code": "W018"'
has "with line" 1 '"line": 48'
has "and column" 1 '"column": 19'
has "and file" 2 '"file": "cases/mini/policy.yaml"'
has "and message" 1 '"message": ".*noem liever'
for node in library/kempen/nodes/*; do
  is "check ${node##*/}" 0 "$schakel" policy check "$node"
done

sed -i 's/orgs: \[thomas-more\]/orgs: [thomas-moore]/' $mini/policy.yaml
is "an error" 1 "$schakel" policy check $mini
says "with its place and a hint" "policy.yaml:15:17: fout E020: .*Bedoelde u 'thomas-more'"
says "with the line itself" '^   15 |     to: {orgs: \[thomas-moore\]}'
says "marked where it is" '^      |                 ^^^^^^^^^^^^$'
says "and what to do" '^      = de partners staan in partners.yaml'
! grep -q ': aanvaard ' out && ok "what is accepted does not hide it" || bad "what is accepted does not hide it"
says "but is counted" ', 1 aanvaard$'
is "an error as JSON" 1 "$schakel" policy check $mini --json --lang en
has "tells all of them" 2 '"code": "E020"'
says "and is not ok" '^  "ok": false,$'
is "test needs a bundle that loads" 2 "$schakel" policy test cases/mini-decide.yaml --json
has "and says why" 2 '"code": "E020"'
says "and is not ok" '^  "ok": false$'
sed -i 's/thomas-moore/thomas-more/' $mini/policy.yaml
# What a privacy officer writes who thinks in Dutch.
mol=library/kempen/nodes/ocmw-mol/policy.yaml
cp $mol kept.yaml
while IFS='|' read -r change place shown hint; do
  sed "$change" kept.yaml >$mol
  is "a mistake: $change" 1 "$schakel" policy check "${mol%/*}"
  grep -q "^$mol:[0-9]*:[0-9]*: fout $place" out && grep -qF -- "$shown" out &&
    grep -qF -- "$hint" out && ok "is told: $hint" || bad "is told: $hint"
done <<'END'
s/given_name: exact/voornaam: exact/|E030|^^^^^^^^|Bedoelde u 'given_name'?
s/workplace.started:/werkplek.gestart:/|E028|^^^^^^^^^^^^^^^^|Bedoelde u 'workplace.started'?
s/birth_date: year/birth_date: jaar/|E031|^^^^|= exact: volledig; year, quarter, month: jaar, kwartaal, maand
s/orgs: \[sopraco\]/orgs: [Sopraco]/|E020|^^^^^^^|Bedoelde u 'sopraco'?
s/groups: \[vdab\]/groups: [bedrijf]/|E022|^^^^^^^|Bedoelde u 'company'?
s/to: {orgs: \[sopraco\]}/to: sopraco/|E008|^^^^^^^|= een lijst: for: [work.placement]; sleutels: to: {orgs: [sopraco]}
s/from: 2026-09-01/from: 1 september 2026/|E009|^^^^^^^^^^^^^^^^|= een dag: 2026-09-01
s/for: 12 months/for: 12 maanden/|E041|^^^^^^^^^^|schrijf bv. '12 months'
s/data: \[financial\]/data: [geld]/|E050|^^^^|= de gegevenssoorten staan in vocabulary.yaml
s/consent: explicit/consent: ja/|E033|^^|= consent: given
END
cp kept.yaml $mol
sed -i 's/^guards:/guard:/' $mini/bundle.yaml
is "an error in bundle.yaml" 1 "$schakel" policy check $mini
says "is told like any other" "bundle.yaml:4:1: fout E010: .*Bedoelde u 'guards'"
sed -i 's/^guard:/guards:/' $mini/bundle.yaml
mv $mini/partners.yaml partners
is "a missing file" 2 "$schakel" policy check $mini --json
has "is named" 1 '"file": "cases/mini/partners.yaml"'
mv partners $mini/partners.yaml
: >$mini/invariants.yaml
is "an empty file" 1 "$schakel" policy check $mini
says "is E001" 'invariants.yaml:1:1: fout E001'
cp "$root/tests/policies/$mini/invariants.yaml" $mini/

# Every code has its place shown, whatever the file holds.
printf 'language: sharing-policy/1\npolicy: \033[31mocmw-mol\t\n' >$mini/p2.yaml
sed 's/^policy:.*/policy: p2.yaml/' $mini/bundle.yaml >$mini/b2.yaml
is "a file with control characters" 1 "$schakel" policy check $mini/b2.yaml
says "is E005" 'p2.yaml:2:9: fout E005'
! grep -q "$(printf '\033')" out && ok "and sends none to the screen" || bad "and sends none to the screen"
printf 'language: sharing-policy/1\npolicy: ocmw-mol\n\377\376\n' >$mini/p2.yaml
is "a file that is not UTF-8" 1 "$schakel" policy check $mini/b2.yaml
says "shows what it is not as a replacement" "^    3 | $(printf '\357\277\275')"

# ------------------------------------------------------------------ test
is "test a file" 0 "$schakel" policy test cases/mini-decide.yaml
says "counts" '25 geslaagd, 0 gefaald'
is "test several" 0 "$schakel" policy test cases/mini-time.yaml cases/mini-load.yaml --lang en
says "sums up" '21 passed, 0 failed'
is "test a bundle" 0 "$schakel" policy test library/kempen/nodes/ocmw-mol --json
has "with all cases" 34 '^          "name": "'
has "with those that passed" 35 '^ *"ok": true'
has "with the count of each file" 1 '^ *"passed": 26'
has "and of the whole" 1 '^ *"passed": 34'
has "and no problem" 34 '"problems": \[\]'
sed -i '/^tests:/d' library/kempen/nodes/vdab-kempen/bundle.yaml
is "a bundle without tests" 0 "$schakel" policy test library/kempen/nodes/vdab-kempen
sed 's/reason: no-rule/reason: too-old/' cases/mini-decide.yaml >cases/wrong.yaml
is "a failing test" 1 "$schakel" policy test cases/wrong.yaml --lang en
says "says what it got" 'reason: no-rule, expected too-old'
is "a failing test as JSON" 1 "$schakel" policy test cases/wrong.yaml --json
has "names the case" 1 '^           *"ok": false,$'
has "and the problem" 1 'reason: no-rule, expected too-old'
sed 's/decision: permit/verdict: permit/' cases/mini-decide.yaml >cases/odd.yaml
is "a malformed test file" 2 "$schakel" policy test cases/odd.yaml
says "is E095" "fout E095: testbestand: onbekende sleutel 'verdict'"
is "tests are no policy" 2 "$schakel" policy prove cases/mini-decide.yaml
says "is E092" 'fout E092: dit zijn tests, geen beleid$'
says "and says what takes them" '= schakel policy test BESTAND$'
is "a policy is no tests" 2 "$schakel" policy test $mini/policy.yaml --lang en
says "and says how to give it" 'A policy is given as the folder with bundle.yaml in it$'
is "a test file that is not there" 2 "$schakel" policy test cases/none.yaml
is "nothing to test" 2 "$schakel" policy test
is "an unknown command" 2 "$schakel" policy guess $mini
is "an unknown option" 2 "$schakel" policy check $mini --loud
is "help" 0 "$schakel" policy test --help
says "tells the operands" 'BUNDLE'

# ---------------------------------------------------------------- matrix
cp "$root/tests/policies/$mini/policy.yaml" $mini/
is "a matrix" 0 "$schakel" policy matrix $mini --day 2026-06-01
says "has a heading with the day" 'Wie ziet wat op 2026-06-01'
says "partners across" '^  *thomas-more$'
says "words of levels" '^    Uren  *per 4 uur$'
says "a star for explicit consent" '^    Reden  *medisch of niet \*$'
is "a matrix of today" 0 "$schakel" policy matrix $mini --lang en
says "states the day" "Who sees what on $(TZ=Europe/Brussels date +%Y-%m-%d)"
is "a matrix of a day without rules" 0 "$schakel" policy matrix $mini --day 2025-12-31
says "is empty" 'Die dag gaat er niets uit'
is "a matrix as JSON" 0 "$schakel" policy matrix $mini --day 2026-06-01 --json
says "gives the day" '^  "day": "2026-06-01",$'
has "gives every cell" 50 '"level": "'
has "in one form" 1 '{"consent": "explicit", "event": "training.attendance", "field": "absence_reason", "for": "guidance.training", "level": "group", "rules": \["tm-absence-detail"\], "to": "thomas-more"}'
cp out all
is "a matrix of one partner" 0 "$schakel" policy matrix $mini --day 2026-06-01 --format json --to vdab
grep '"to": "vdab"' all | sed 's/,$//' >want
grep '"level"' out | sed 's/,$//' >got
cmp -s want got && ok "is its part" || bad "is its part"
is "a matrix for a spreadsheet" 0 "$schakel" policy matrix $mini --day 2026-06-01 --format csv
says "has the columns of a register" '^"Organisatie","Doel","Van wie?","Wat?","Beraadslaging/protocol"$'
has "has a row per partner and purpose" 5 '^"'
says "tells a condition" 'Verslag (volledig, enkel als Stopreden is Werk gevonden)'
is "a matrix for a page" 0 "$schakel" policy matrix $mini --day 2026-06-01 --format md --lang en
has "has the same rows" 6 '^|'
is "a partner that nobody knows" 2 "$schakel" policy matrix $mini --to nobody
is "a format that nobody knows" 2 "$schakel" policy matrix $mini --format xml

# ------------------------------------------------------------------ diff
cp -R $mini cases/next
is "the same twice" 0 "$schakel" policy diff $mini cases/next
says "is not wider" 'Niet ruimer'
sed -i 's/hours: band4/hours: exact/; s/version: 7/version: 8/' cases/next/policy.yaml
is "more detail" 10 "$schakel" policy diff $mini cases/next
says "is wider" '^RUIMER'
says "says to whom and for what" '^Naar Thomas More Kempen (thomas-more), voor Begeleiding tijdens een opleiding$'
says "says by which rule" "regel 'tm-training' (cases/next/policy.yaml:13), 2026-01-01 tot en met 2027-12-31"
says "says what" 'Aanwezigheid, Uren: precisie per 4 uur -> volledig'
is "the other way round" 0 "$schakel" policy diff cases/next $mini --lang en
says "is narrower" '^NARROWER'
says "says what was before" 'Attendance, Hours: precision in full -> per 4 hours'
is "as JSON" 10 "$schakel" policy diff $mini cases/next --json
says "tells wider" '^  "wider": true$'
says "and narrower" '^  "narrower": false,$'
has "each change" 1 '"what": \[{"component": "level", "new": "exact", "old": "band4"}\]'
# Nobody gets more without being named, also not under another one's name.
cp -R $mini cases/many
for i in 1 2 3 4 5 6 7; do
  sed -i "/^  thomas-more:/{p;s/^  thomas-more/  z$i/}" cases/many/partners.yaml
  sed -i "s/orgs: \[thomas-more/&, z$i/" cases/many/policy.yaml
done
is "more partners" 10 "$schakel" policy diff $mini cases/many
says "each of them is named" '^Naar Thomas More Kempen (z1), .*(z6), Thomas More Kempen (z7), voor'
# What no flow tells: a ground, a promise, a prohibition, a sentence.
cp $mini/policy.yaml cases/next/policy.yaml
sed -i '0,/gdpr: public-task/s//gdpr: contract/; s/Thomas More volgt de/Wie les geeft, volgt de/' cases/next/policy.yaml
sed -i 's/months: 24/months: 36/; /id: i4/,+2d' cases/next/invariants.yaml
sed -i 's/^    data: \[health\]$/    data: [health.capacity]/' cases/next/policy.yaml
is "words and promises" 10 "$schakel" policy diff $mini cases/next
says "the legal ground first" '^RECHTSGROND'
[ "$(grep -n '^RECHTSGROND' out | cut -d: -f1)" = 2 ] &&
  ok "before all else" || bad "before all else"
says "its words" "share.tm-training.basis.gdpr (cases/next/policy.yaml:22): 'public-task' -> 'contract'"
says "what stops no longer" '^MINDER BESCHERMD'
says "a promise that is gone" "belofte 'i4' valt weg (.*invariants.yaml:13): Inkomen blijft binnen."
says "one that is looser" "belofte 'i5' wordt losser"
says "and how" '^    months: 24 -> 36$'
says "and what people read" "share.tm-training.text (.*): 'Thomas More volgt .*' -> 'Wie les geeft, volgt"
is "in English, as JSON" 10 "$schakel" policy diff $mini cases/next --lang en --json
python3 - <<'END' && ok "with all of it" || bad "with all of it"
import json, sys
d = json.load(open("out"))
lost = {(l["kind"], l["id"]): l for l in d["lost"]}
sys.exit(not (d["loosened"]
  and lost["promise", "i4"]["gone"] and lost["promise", "i4"]["stops"]
  and lost["promise", "i5"]["what"] == [
    {"component": "months", "old": "24", "new": "36"}]
  and d["paper"][0]["ground"] and not d["paper"][-1]["ground"]
  and d["paper"][0]["at"] == "share.tm-training.basis.gdpr"))
END
sed 's/hours: band4/hours: exact/; s/version: 7/version: 8/' $mini/policy.yaml >cases/next/policy.yaml
cp $mini/invariants.yaml cases/next/invariants.yaml
is "after the last day" 0 "$schakel" policy diff $mini cases/next --day 2028-01-01
is "one bundle" 2 "$schakel" policy diff $mini
sed -i 's/hours: exact/hours: exactly/' cases/next/policy.yaml
is "a bundle that does not load" 2 "$schakel" policy diff $mini cases/next --json
says "is not ok" '^  "ok": false$'

# ----------------------------------------------------------------- prove
for node in library/kempen/nodes/*; do
  is "prove ${node##*/}" 0 "$schakel" policy prove "$node"
done
is "prove the small bundle" 0 "$schakel" policy prove $mini --lang en
says "counts" '^7 proved, 0 not proved$'
sed -i 's/tm-training$/&\n    retain: {for: 36 months, from: sent}/' $mini/policy.yaml
is "too long a retention" 1 "$schakel" policy prove $mini
says "says what is broken" '^NIET BEWEZEN  i5  Niemand bewaart langer'
says "on which day" 'tegenvoorbeeld op 2026-01-01'
says "by which rule" "policy.yaml:13: door regel 'tm-training'"
is "as JSON" 1 "$schakel" policy prove $mini --json
has "tells one" 2 '"ok": false'
says "with its day" '"day": "2026-01-01"'
says "its level" '"level": "yes"'
says "and its line" '"line": 13'

echo "# a question that takes long"
# It waits for its policy, and is told that it has worked for a second: twice.
cp -R cases/mini slow && rm slow/policy.yaml && mkfifo slow/policy.yaml
slow() {
  name=$1 want=$2; shift 2
  exec 3<>slow/policy.yaml
  "$schakel" policy "$@" >out 2>err </dev/null 3>&- &
  pid=$!
  until [ "$(cat /proc/$pid/comm)" = schakel ] &&
    ls -l /proc/$pid/fd | grep -q slow/policy.yaml; do
    kill -0 $pid || break
    sleep 0.02
  done
  kill -PROF $pid
  kill -PROF $pid
  cat cases/mini/policy.yaml >&3
  exec 3>&-
  wait $pid
  { [ "$(wc -l <err)" = 2 ] && grep -qF -- "$want" err; } && ok "$name" || bad "$name"
}
slow "matrix says it" "  -> smaller: --to ORG" matrix slow --day 2026-09-01 --json --lang en
cp out got
is "and prints the same" 0 "$schakel" policy matrix cases/mini --day 2026-09-01 --json
cmp -s out got && ok "on the other stream" || bad "on the other stream"
slow "render says it" "  -> kleiner: --to ORG, --for" render slow --lang nl
slow "diff says it" "  -> smaller: --day DATE" diff cases/mini slow --lang en
slow "prove says it" "-> wacht: kleiner kan niet" prove slow --lang nl
# What was given is not advised again.
slow "render says what is left" "  -> kleiner: --for PURPOSE" render slow --to sopraco --lang nl
slow "matrix has nothing left to say" "  -> wait: it cannot be made smaller" matrix slow --to sopraco --day 2026-09-01 --lang en
slow "test says it" "--rule RULE" test slow --coverage
slow "replay says it" "--since" replay slow --input -
slow "export says it" "--day DATE" export slow --format odrl

exit $failed
