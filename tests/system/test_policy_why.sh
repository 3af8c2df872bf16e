#!/bin/sh
# schakel policy explain and test --coverage: why an answer is what it is, and
# what the tests do not reach (docs/POLICY.md 8.5, 8.6, 14.4, 16).
. tests/system/policy.inc
# json NAME EXPRESSION: true of the answer x (Python).
json() {
  python3 -c 'import json,sys; x=json.load(open("out")); sys.exit(not ('"$2"'))' \
    2>>err && ok "$1" || bad "$1"
}
mol=library/kempen/nodes/ocmw-mol
flows=$mol/tests/flows.yaml
explain() { "$schakel" policy explain $mol --question "$@"; }

# --------------------------------------------------------------- explain
cat >q.yaml <<'Q'
ask:
  to: vdab-kempen
  for: guidance.joint
  now: 2026-10-01T08:00:00Z
  event: {type: workplace.started, subject: samira, occurred: 2026-09-18, fields: {workplace_kind: art60_7, workplace_org: "1999900765", start_date: 2026-09-21, hours_week: 38, sector: "4711", adaptations: [lifting]}}
facts:
  links: [{subject: samira, org: vdab-kempen, from: 2026-09-01}]
  consents:
    - {id: c1, subject: samira, state: given, at: 2026-09-15T10:00:00Z, until: 2027-09-15T10:00:00Z, purposes: [guidance.joint], recipients: [vdab-kempen], categories: [work.job]}
Q
is "explain a permit" 0 explain q.yaml
says "says yes" '^JA: '
says "names people's words" 'VDAB Kempen'
says "tells how precise a field goes" 'start_date .*alleen de maand \[month\].*vdab-workplace'
says "tells why a field stays" 'adaptations .*blijft hier: er is geen akkoord'
says "tells why a field goes less precisely" 'social.guidance (Welke hulp je krijgt): er is geen akkoord'
says "tells the consent and its dates" 'Akkoord c1: gegeven 2026-09-15 12:00, geldt tot 2027-09-15 12:00'
says "tells the rule with its line" 'vdab-workplace  (.*policy.yaml:[0-9]*)'
says "tells what is needed" 'een akkoord van de deelnemer: health.workplace'
line=$(grep -n 'id: vdab-workplace' $mol/policy.yaml | cut -d: -f1)
says "and the line is right" "policy.yaml:$line)"
is "in English" 0 explain q.yaml --lang en
says "in English" 'adaptations .*stays: there is no consent for it'
is "as JSON" 0 explain q.yaml --json
json "has the decision of 8.5" 'x["decision"]["decision"]=="permit" and set(x["decision"])=={"decision","fields","levels","withheld","rules","consents","erase_by","duties","roles","on_withdrawal"}'
json "with values as they go" 'x["decision"]["fields"]=={"start_date":"2026-09","sector":"47","workplace_kind":"experience","hours_week":"30.4+"}'
json "and what stays" 'x["decision"]["withheld"]=={"adaptations":"consent","occurred":"not-granted","workplace_org":"not-granted"}'
json "and the versions" 'x["bundle"]=={"policy":"ocmw-mol/1","vocabulary":"traject-vlaanderen/1","guards":"vlaanderen/1","partners":"kempen/1"}'
json "and what lacks" 'x["why"]["fields"]["adaptations"]["lacks"]==[{"category":"health.workplace","explicit":False,"state":"missing"}]'
! grep -q '4711' out && ok "and no value that does not go" || bad "and no value that does not go"
cp out first
python3 - <<'P'
import json, re
text = open('q.yaml').read()
# the same question as JSON, with a tab and a number like 38.0
q = {"ask": {"to": "vdab-kempen", "for": "guidance.joint",
     "now": "2026-10-01T08:00:00Z", "event": {"type": "workplace.started",
     "subject": "samira", "occurred": "2026-09-18", "fields": {
     "workplace_kind": "art60_7", "workplace_org": "1999900765",
     "start_date": "2026-09-21", "hours_week": 38.0, "sector": "4711",
     "adaptations": ["lifting"]}}},
     "facts": {"links": [{"subject": "samira", "org": "vdab-kempen",
     "from": "2026-09-01"}], "consents": [{"id": "c1", "subject": "samira",
     "state": "given", "at": "2026-09-15T10:00:00Z",
     "until": "2027-09-15T10:00:00Z", "purposes": ["guidance.joint"],
     "recipients": ["vdab-kempen"], "categories": ["work.job"]}]}}
open('q.json', 'w').write(json.dumps(q, indent='\t'))
P
is "a question in JSON" 0 explain q.json --json
cmp -s first out && ok "gets the same answer" || bad "gets the same answer"

is "no consent" 0 explain $flows --case "zonder akkoord gaat er niets"
says "is told" '^NEE: er is geen akkoord. \[consent-missing\]'
says "with what is needed" '  - een akkoord van de deelnemer: work.job (Werkplek en job) aan sopraco (Sopraco), voor work.placement'
is "a withdrawal" 0 explain $flows --case "ingetrokken voor Sopraco"
says "names the withdrawal and its moment" 'het akkoord is ingetrokken.*\[w, 2026-09-30 10:00\]'
is "a prohibition" 0 explain $flows --case "afwezigheid gaat nooit naar VDAB"
says "names the guard with its line" 'verbod fed-sanction-risk (.*guards.yaml:[0-9]*), van de federatie'
is "no rule" 0 explain $flows --case "zonder regel blijven de randvoorwaarden hier" --lang en
says "names what comes nearest" 'is about another event'
says "and what it takes" 'a share rule for: sopraco (Sopraco), work.placement'
# What the federation keeps here, nobody is asked for.
cp -R library/kempen/nodes/ocmw-mol library/kempen/nodes/greedy
sed -i 's|^share:|&\n  - {id: greedy, text: t, to: {orgs: [sopraco]}, for: [work.placement], what: {preconditions.assessed: {assessed_on: exact, pre_health: exact}, workplace.ended: {end_date: exact, workplace_kind: exact}}, consent: explicit, basis: {gdpr: contract, art9: explicit-consent, reference: r}, valid: {from: 2026-09-01, until: 2028-08-31}}|' \
  library/kempen/nodes/greedy/policy.yaml
ask() { # STATE CATEGORIES EVENT FIELDS MORE: about Sopraco
  cat >q2.yaml <<Q
ask: {to: sopraco, for: work.placement, now: 2026-10-01T08:00:00Z, event: {type: $3, subject: s, occurred: 2026-09-18, fields: {$4}}}
facts:
  links: [{subject: s, org: sopraco, from: 2026-09-01}]
  consents: [{id: c1, subject: s, state: $1, explicit: true, at: 2026-09-15T10:00:00Z, until: 2027-01-15T10:00:00Z, purposes: [work.placement], recipients: [sopraco], categories: [$2]}]
${5-}
Q
  is "$1 $3 of Sopraco" 0 "$schakel" policy explain library/kempen/nodes/greedy --question q2.yaml --json
}
ask given work.conditions preconditions.assessed 'assessed_on: 2026-09-10, pre_overall: ok, pre_health: ok, pre_finances: ok'
json "no consent to health for an employer, no rule for money" \
  'x["decision"]["decision"]=="permit" and not [n for n in x["why"]["needs"] if "health" in n or "pre_finances" in n] and sum("niets van uw kant" in n and "'"'fed-company'"'" in n for n in x["why"]["needs"])==1'
ask refused work.job workplace.ended 'end_date: 2026-09-10, workplace_end: finished, workplace_kind: art60_7'
json "only for the coarser level that may go" \
  '[n for n in x["why"]["needs"] if "work.job" in n] and not [n for n in x["why"]["needs"] if "health" in n or "social" in n]'
ask refused work.job workplace.started 'workplace_kind: stage, workplace_org: "1999900765", start_date: 2026-09-21, hours_week: 38'
json "who said no is left in peace" '[n for n in x["why"]["needs"] if "work.job" in n and "30 dagen niet opnieuw" in n]'
ask withdrawn work.job workplace.started 'workplace_kind: stage, workplace_org: "1999900765", start_date: 2026-09-21, hours_week: 38'
json "and who took it back" '[n for n in x["why"]["needs"] if "work.job" in n and "zelf opnieuw wil" in n]'
ask given work.job workplace.started 'workplace_kind: stage, workplace_org: "1999900765", start_date: 2026-09-21, hours_week: 38' '  persons: {s: {birth_date: 2010-11-02}}'
json "who may not give is not asked" '[n for n in x["why"]["needs"] if "work.job" in n and "een ouder" in n]'
is "no relation" 0 explain $flows --case "zonder band met de school gaat er niets"
says "says how to open one" 'schakel relation open'
is "old news" 0 explain $flows --case "oud nieuws gaat niet naar VDAB"
says "says it is too old" '\[too-old\]'
is "a case that changes the bundle" 2 explain $flows --case "geldzaken gaan nooit weg, welke regel er ook bij komt"
is "a case that is not there" 2 explain $flows --case nonsense
sed 's/hours_week: 38/hours_week: 38.0/' q.yaml >bad.yaml
is "a value that cannot be" 0 explain bad.yaml
says "is named by its field" 'hours_week: dit is geen waarde'
sed 's/^ask:/asks:/' q.yaml >bad.yaml
is "a question without ask" 2 explain bad.yaml
says "is E095 at its place" "bad.yaml:1:1: fout E095: .*onbekende sleutel 'asks'"
sed 's/to: vdab-kempen$/too: vdab-kempen/' q.yaml >bad.yaml
is "a wrong key" 2 explain bad.yaml --json
json "is told with line and column" '[(e["line"],e["column"]) for e in x["errors"]]==[(2,3)]'
is "a question that is not there" 2 explain none.yaml

# ---------------------------------------------------------------- replay
cp -R library/kempen/nodes/ocmw-mol library/kempen/nodes/new
python3 - <<'P'
import json
q = json.load(open('q.json'))
with open('many.jsonl', 'w') as out:
    for i, consent in enumerate((True, False, True)):
        one = json.loads(json.dumps(q))
        one['id'] = i
        if not consent:
            one['facts']['consents'] = []
        if i == 2:
            one['ask']['to'] = 'sopraco'
        out.write(json.dumps(one) + '\n\n')
P
is "replay" 0 "$schakel" policy replay $mol --input many.jsonl
python3 - <<'P' && ok "answers every line as explain does" || bad "answers every line as explain does"
import json, sys
lines = [json.loads(l) for l in open('out')]
first = json.load(open('first'))['decision']
sys.exit(not ([l['id'] for l in lines] == [0, 1, 2] and lines[0]['decision'] == first
  and [l['decision'].get('reason') for l in lines] == [None, 'consent-missing', 'no-rule']))
P
new=library/kempen/nodes/new
is "the same policy changes nothing" 0 "$schakel" policy replay $new --input many.jsonl --against $mol
[ "$(cat out)" = '{"summary":{"changed":0,"less":0,"more":0,"total":3}}' ] && ok "and says so" || bad "and says so"
sed -i '/id: vdab-workplace/,/valid/s/start_date: month/start_date: exact/' $new/policy.yaml
is "a wider policy" 10 "$schakel" policy replay $new --input many.jsonl --against $mol
says "shows what changed, old" '"id":0.*"old":.*"start_date":"month"'
says "and counts" '{"summary":{"changed":1,"less":0,"more":1,"total":3}}'
is "the other way round" 0 "$schakel" policy replay $mol --input many.jsonl --against $new
says "is less" '"less":1,"more":0'
echo '{"id": 9, "ask": {}}' >>many.jsonl
is "a line that is no question" 2 "$schakel" policy replay $mol --input many.jsonl
says "is named" 'many.jsonl:7:1: fout E095'
echo 'nonsense' | "$schakel" policy replay $mol --input - >out 2>err && bad "no JSON" || ok "no JSON"
says "is told" 'geen JSON-object'

# -------------------------------------------------------------- coverage
test() { "$schakel" policy test "$@"; }
is "coverage" 0 test $mol --coverage
says "tells what stopped them, in words" '^  too-old: de gebeurtenis is te oud$'
says "sums up the share rules" '^8 van 8 deelregels toegelaten in een test (100%)'
says "sums up the cells" 'flows.yaml: 66 van 66 cellen'
says "says by what a rule was stopped" 'sopraco-adaptations  *1  *2  consent 3'
is "coverage as JSON" 0 test $mol --coverage --json
json "has rules" 'x["files"][0]["coverage"]["rules"]["vdab-progress"]=={"permitted":4,"blocked":2,"conditions":{"too-old":1,"objection":1}}'
json "has cells" 'x["files"][0]["coverage"]["cells"]=={"reached":66,"total":66}'
json "has guards of the owner only" 'sorted(x["files"][0]["coverage"]["guards"])==["birth-year-only","no-childcare-to-school","no-money-out","region-only"]'
is "enough is enough" 0 test $mol --min-coverage 100
grep -v '"VDAB volgt de grote stappen"\|"VDAB ziet het jobdoel\|"een resultaat gaat\|"alleen het feit dat' $flows >f2 && mv f2 $flows
is "too little is a failure" 1 test $mol --min-coverage 100
says "and says which rule" 'ocmw-mol/vdab-progress (.*policy.yaml:[0-9]*)$'
is "less may be enough" 0 test $mol --min-coverage 87
is "no percentage" 2 test $mol --min-coverage 101
# What lacks, pasted, passes and reaches everything.
for bundle in library/kempen/nodes/ocmw-mol library/kempen/nodes/cvo-kempen \
  library/kempen/nodes/sopraco library/kempen/nodes/vdab-kempen cases/mini; do
  name=${bundle##*/}
  printf 'format: tests/1\ncases:\n' >$bundle/made.yaml
  sed -i '/^tests:/d' $bundle/bundle.yaml
  is "$name without tests covers nothing" 1 test $bundle --missing --min-coverage 1
  n=$(grep -c '^  - name: ' out)
  cat out >>$bundle/made.yaml
  echo 'tests: [made.yaml]' >>$bundle/bundle.yaml
  is "$name: the $n tests to paste pass and cover all" 0 test $bundle --min-coverage 100 --json
  json "$name: all of them" 'x["passed"]=='"$n"' and x["failed"]==0 and x["coverage_percent"]==100'
done
# A limit that matters gets a test that fails without it.
sed -i 's/birth_date: year}$/birth_date: present}/' cases/mini/policy.yaml
sed -i '/^tests:/d' cases/mini/bundle.yaml
is "a limit that cuts what is shared" 0 test cases/mini --missing
says "gets a test" 'coverage: birth-date-never-exact'
cp out all
is "one rule at a time" 0 test cases/mini --missing --rule birth-date-never-exact --rule schools-fact
[ "$(grep -c '^  - name: ' out)" = 2 ] && grep -q 'coverage: schools-fact' out &&
  ok "only those" || bad "only those"
cp all out
{ printf 'format: tests/1\ncases:\n'; cat out; } >cases/mini/made.yaml
echo 'tests: [made.yaml]' >>cases/mini/bundle.yaml
is "which passes" 0 test cases/mini
sed -i 's/birth_date: present}$/birth_date: year}/' cases/mini/policy.yaml
is "and fails when the limit goes" 1 test cases/mini
says "by the level" 'birth_date: '


# ------------------------------------------------- more than can be looked at
mkdir many && cp cases/mini/vocabulary.yaml cases/mini/guards.yaml cases/mini/partners.yaml many/
python3 - <<'P'
head = open('cases/mini/policy.yaml').read().split('share:')[0]
open('many/bundle.yaml', 'w').write('format: bundle/1\nbundle: m\nvocabulary: vocabulary.yaml\n'
  'guards: guards.yaml\npartners: partners.yaml\npolicy: policy.yaml\n')
rule = ('  - {id: r%d, text: t, to: {orgs: [thomas-more, sopraco, vdab]}, for: [guidance.job, '
  'guidance.training, placement.employment], what: {trajectory.stopped: only-the-fact, training.attendance: only-the-fact}, '
  'basis: {gdpr: public-task, reference: r}, valid: {from: 2026-01-01, until: 2026-12-31}, '
  'retain: {for: 1 month, from: sent}}\n')
open('many/policy.yaml', 'w').write(head + 'share:\n' + ''.join(rule % i for i in range(1999)) +
  'never:\n  - {id: all, text: t, to: anyone}\n')
P
is "two thousand rules that never say yes" 0 test many --coverage
grep -q '^Voor [1-9][0-9]* ervan is niet verder gezocht' out &&
  ok "are not all looked at, which it says" || bad "are not all looked at, which it says"
says "and how to ask for less" '^Vraag enkele regels tegelijk: --rule NAAM'
says "of the first it knows" 'r0 .*geen vraag gevonden'
says "of the last it does not" 'r999 .*nog geen test gezocht'
exit $failed
