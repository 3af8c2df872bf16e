#!/bin/sh
# What is made of a policy: tables and texts for people (render), schemas for
# editors, registers and JSON-LD for other systems (export), a first bundle
# (new).  docs/POLICY.md 16, 17; docs/CONSENT.md 7.
set -u
build=${1:?}
case $build in /*) ;; *) build=$PWD/$build ;; esac
schakel=$build/schakel
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$root/policies/library" "$work/library"
cp -R "$root/tests/policies/cases/mini" "$work/mini"
cd "$work" || exit 1
unset SCHAKEL_DIR LC_ALL LC_MESSAGES
export LANG=C
# The Python that has the Debian packages (tools/dev/setup.sh).
for python in python3 /usr/bin/python3; do
  $python -c 'import jsonschema, pyld, yaml' 2>/dev/null && break
done
failed=0
ok() { echo "ok - $1"; }
bad() { echo "not ok - $1"; failed=1; sed 's/^/  | /' out err 2>/dev/null | head -40; }
is() {
  name=$1; want=$2; shift 2
  "$@" >out 2>err </dev/null
  got=$?
  [ $got = "$want" ] && ok "$name" || { bad "$name"; echo "  | exit $got, not $want"; }
}
says() { grep -q -e "$2" out err && ok "$1" || bad "$1"; }
never() { grep -q -e "$2" out && bad "$1" || ok "$1"; }
json() {
  $python -c 'import json,sys; x=json.load(open("out")); sys.exit(not ('"$2"'))' \
    2>>err && ok "$1" || bad "$1"
}
# check NAME: a Python program on standard input that exits 0.
check() { $python - >>out 2>err && ok "$1" || bad "$1"; }
nodes=library/kempen/nodes
mol=$nodes/ocmw-mol
day="--day 2026-10-01"

# ---------------------------------------------------------------- render
is "a table" 0 "$schakel" policy render $mol $day
says "with a row for Sopraco" '^| Sopraco | Werkplek regelen |'
says "with how precise" 'Soort werkplek (alleen: werkervaring'
says "with what needs a tick apart" 'Aanpassingen op de werkplek ..*uitdrukkelijk'
check "every row has seven cells" <<'P'
import re, sys
rows = [l for l in open('out') if l.startswith('|')]
sys.exit(len(rows) != 6 or any(len(re.findall(r'(?<!\\)\|', r)) != 8 for r in rows))
P
is "the table as JSON" 0 "$schakel" policy render $mol $day --json
json "rows by recipient and purpose" '[(r["to"],r["for"]) for r in x["rows"]]==[("cvo-kempen","learning.training"),("sopraco","work.placement"),("vdab-kempen","guidance.handover"),("vdab-kempen","guidance.joint")]'
json "with every key of 16" 'all(set(r)=={"to","to_name","for","for_label","what","consent","basis","retain"} for r in x["rows"])'
json "strength of consent" 'x["rows"][1]["consent"]==["explicit","given"]'
json "ground and retention" 'x["rows"][2]["basis"]==["public-task: Samenwerkingsovereenkomst OCMW Mol - VDAB 2026"] and x["rows"][2]["retain"]==["6 months from sent"]'
json "a fact alone has no fields" '[w["fields"] for w in x["rows"][3]["what"] if w["event"]=="action.planned"]==[[]]'
cp out rows.json
is "the matrix of that day" 0 "$schakel" policy matrix $mol $day --json
check "says the same, cell by cell" <<'P'
import json, sys
rows = {(r['to'], r['for'], w['event'], f['field'], f['level'], f['consent'])
        for r in json.load(open('rows.json'))['rows']
        for w in r['what'] for f in w['fields']}
cells = {(c['to'], c['for'], c['event'], c['field'], c['level'], c['consent'])
         for c in json.load(open('out'))['cells'] if c['field'] != '(fact)'}
sys.exit(rows != cells)
P
is "after the rules nothing flows" 0 "$schakel" policy render $mol --day 2030-01-01 --json
json "no rows" 'x["rows"]==[]'
is "a page for people" 0 "$schakel" policy render $mol $day --for-people
says "asks their question" '^# Wie krijgt wat over jou?'
says "gives the reason in their words" 'Zodat de werkplek weet wanneer je komt'
says "says how long" 'Hoogstens 6 maanden'
says "says how to stop" '^## Van gedacht veranderd?'
is "in English" 0 "$schakel" policy render $mol $day --for-people --lang en
says "in English" '^# Who gets what about you?'

# --------------------------------------------------------------- consent
is "the text of a consent" 0 "$schakel" policy render $mol $day --consent \
  --to sopraco --for work.placement --participant Samira --coach Hilde \
  --coach-phone 014000000 --privacy dpo@ocmw-mol.example.be --until 2027-09-21
cp out text
for part in 'Mogen we dit delen?' 'Wat delen we met Sopraco?' \
  'Apart, met een eigen handtekening:' 'Wat delen we niet?' 'Waarom?' \
  'Hoe lang?' 'Moet dit?' 'Van gedacht veranderd?' \
  'Wil je zien wie wat kreeg?' 'Vragen of een klacht?'; do
  says "has: $part" "^$part\$"
done
says "names the participant" 'Hallo Samira\.'
says "says until when, in words" 'Tot 21 september 2027\.'
says "says how long it is kept" 'Sopraco houdt dit hoogstens 12 maanden bij'
says "no money" 'Niets over: Geldzaken'
says "no number" 'Ook niet: Rijksregister'
says "you may refuse" 'Ik ben niet akkoord. Dat is ook goed.'
check "CONSENT.md 7.1: sentences of at most twelve words" <<'P'
import re, sys
long = [s for line in open('text') if not line.startswith((' ', '\u2610'))
        for s in re.split(r'[.?!:]', line) if len(s.split()) > 12]
print(long)
sys.exit(bool(long))
P
check "7.4: what is explicit stands apart and nowhere else" <<'P'
import sys
text = open('text').read()
apart = text.index('Apart, met een eigen handtekening:')
box = text.index('Wat de werkplek of de les moet aanpassen')
sys.exit(not (apart < box < text.index('Wat delen we niet?')
              and text.count('Wat de werkplek of de les') == 1))
P
check "7.3: no box is ticked, two equal boxes at the end" <<'P'
import sys
lines = open('text').read().split('\n')
i = lines.index('\u2610 Ik ben akkoord met wat ik aankruiste.')
sys.exit(not (lines[i + 1].startswith('\u2610 Ik ben niet akkoord')
              and not any(c in open('text').read() for c in '\u2611\u2612')))
P
is "a value that tells of health or help has a box of its own" 0 "$schakel" policy render $mol $day --consent --to vdab-kempen --for guidance.joint
says "and says so" 'Dit zegt ook iets over: Welke hulp je krijgt'
is "all texts, with their hashes" 0 "$schakel" policy render $mol $day --consent --out .
sha256sum -c out >/dev/null 2>err && ok "which are right" || bad "which are right"
[ "$(wc -l <out)" = 4 ] && ok "one per recipient and purpose" || bad "one per recipient and purpose"
is "as JSON" 0 "$schakel" policy render $mol $day --consent --json
check "JSON has the same text and hash" <<'P'
import hashlib, json, sys
texts = json.load(open('out'))['texts']
bad = [t['to'] for t in texts
       if hashlib.sha256(t['text'].encode()).hexdigest() != t['sha256']
       or open('%s.%s.nl.txt' % (t['to'], t['for'])).read() != t['text']]
sys.exit(len(texts) != 4 or bool(bad))
P
cp out texts.json
# With consent for exactly the boxes of the text, everything of the matrix goes.
check "a question with consent for all boxes" <<'P'
import json
t = [t for t in json.load(open('texts.json'))['texts'] if t['for'] == 'guidance.handover'][0]
def giving(i, cats, explicit):
    return {"id": i, "subject": "an", "state": "given", "explicit": explicit,
            "at": "2026-09-20T08:00:00Z", "until": "2026-12-01T08:00:00Z",
            "purposes": [t['for']], "recipients": [t['to']], "categories": cats}
fields = {"handover_kind": "warm", "handover_reason": "next_step", "question": "Q",
 "participant_goal": "G", "respond_by": "2026-10-05", "coach_name": "H",
 "coach_phone": "+3214000000", "given_name": "An", "family_name": "P",
 "birth_date": "1991-11-02", "insz": "91110299857", "phone": "+32470000001",
 "phase": "matching", "talk_status": "planned", "talk_at": "2026-10-08T10:00",
 "occupation": "9321.1", "do_not_repeat": "T"}
json.dump({"ask": {"to": t['to'], "for": t['for'], "now": "2026-10-01T08:00:00Z",
  "event": {"type": "handover.requested", "subject": "an", "occurred": "2026-09-28",
            "fields": fields}},
 "facts": {"links": [{"subject": "an", "org": t['to'], "from": "2026-09-01"}],
  "consents": [giving('boxes', t['categories'], False),
               giving('apart', t['explicit'], True)]}}, open('q.json', 'w'))
P
is "is answered" 0 "$schakel" policy explain $mol --question q.json --json
check "with every cell of the matrix" <<'P'
import json, sys
row = [r for r in json.load(open('rows.json'))['rows'] if r['for'] == 'guidance.handover'][0]
want = {f['field']: f['level'] for f in row['what'][0]['fields']}
sys.exit(json.load(open('out'))['decision'].get('levels') != want)
P
is "a text with a field that may tell more" 0 "$schakel" policy render \
  library/jobclub/nodes/ocmw-aalst --day 2027-09-01 --consent --to leerpunt
says "says so below it" '^      Dit kan ook iets zeggen over: Herkomst\.$'
grep -q 'Niets over: Herkomst' out && bad "and promises nothing else" ||
  ok "and promises nothing else"
is "several texts need a folder" 2 "$schakel" policy render $mol $day --consent
is "a recipient that is not there" 2 "$schakel" policy render $mol $day --to nobody

# ---------------------------------------------------------------- schema
cat >validate.py <<'P'
import json, sys, yaml
from jsonschema import Draft7Validator
class Loader(yaml.SafeLoader):
    pass
Loader.yaml_implicit_resolvers = {
    k: [(t, r) for t, r in v if not t.endswith(':timestamp')]
    for k, v in yaml.SafeLoader.yaml_implicit_resolvers.items()}
schema = json.load(open(sys.argv[1]))
Draft7Validator.check_schema(schema)
errors = list(Draft7Validator(schema).iter_errors(yaml.load(open(sys.argv[2]), Loader)))
for e in errors[:3]:
    print('/'.join(map(str, e.path)), e.message[:120])
sys.exit(10 if errors else 0) # 1: the validator itself broke down
P
for bundle in $nodes/* mini; do
  is "schema for ${bundle##*/}" 0 "$schakel" policy schema $bundle
  cp out schema.json
  is "accepts its policy" 0 $python validate.py schema.json $bundle/policy.yaml
done
"$schakel" policy schema $mol --for invariants >promises.json
"$schakel" policy schema $mol --for tests >tests.json
for bundle in $nodes/*; do
  [ ! -e $bundle/invariants.yaml ] ||
    is "the one of promises accepts those of ${bundle##*/}" 0 \
      $python validate.py promises.json $bundle/invariants.yaml
  for file in "$bundle"/tests/*.yaml; do
    [ ! -e "$file" ] || is "the one of tests accepts ${bundle##*/} ${file##*/}" 0 \
      $python validate.py tests.json "$file"
  done
done
# What the schemas refuse, check and test refuse too.
cat >refuse.py <<'P'
# A file with one word changed: check or test refuses it, and 10: so does the
# schema.
import re, subprocess, sys
schakel, mol, name, before, after = sys.argv[1:]
path = mol + {'promises': '/invariants.yaml', 'tests': '/tests/flows.yaml'}[name]
old = open(path).read()
new = re.sub(before, after.replace('~', ' '), old, count=1)
assert new != old, 'it changes nothing'
for file in path, 'broken.yaml':
    open(file, 'w').write(new)
command = ['check', mol] if name == 'promises' else ['test', mol]
seen = subprocess.run([schakel, 'policy'] + command, capture_output=True)
open(path, 'w').write(old)
assert seen.returncode, 'it is taken'
sys.exit(subprocess.run([sys.executable, 'validate.py', name + '.json',
                         'broken.yaml']).returncode)
P
while read -r name from to; do
  is "the schema of $name refuses $to" 10 $python refuse.py "$schakel" $mol \
    "$name" "$from" "$to"
done <<'R'
promises no_flow: no_flows:
promises invariants/1 invariants/2
promises data:.\[[a-z.]+ data:~[money
promises groups:.\[[a-z]+ groups:~[firms
promises id: name:
tests tests/1 tests/2
tests decision: decided:
tests permit permitted
tests ask: question:
tests cases: questions:
R
is "a schema of nothing" 2 "$schakel" policy schema $mol --for roster
"$schakel" policy schema $mol >schema.json
# What the schema refuses, check refuses too.
n=0
while read -r from to; do
  n=$((n + 1))
  sed "s/$from/$to/" $mol/policy.yaml >broken.yaml
  cmp -s broken.yaml $mol/policy.yaml && bad "row $n changes something"
  is "the schema refuses $to" 10 $python validate.py schema.json broken.yaml
  cp -R $mol $nodes/broken && cp broken.yaml $nodes/broken/policy.yaml
  is "and so does check" 1 "$schakel" policy check $nodes/broken
  rm -r $nodes/broken
done <<'R'
orgs:.\[sopraco\] orgs:\ [sopracco]
workplace.started: workplace.begun:
given_name:.exact given_name:\ precise
birth_date:.year birth_date:\ decade
hours_week: hours_weekly:
work.placement\] work\]
gdpr:.contract gdpr:\ goodwill
for:.6.months for:\ 6\ moons
consent:.explicit consent:\ implied
2028-08-31 31-08-2028
guards:.vlaanderen\/1 guards:\ vlaanderen\/2
handover_kind:.\[warm\] handover_kind:\ [hot]
data:.\[financial\] data:\ [money]
roles:.\[mentor, roles:\ [boss,
where:.{handover_kind:.\[joint\]} where:\ {}
id:.sopraco-workplace id:\ fed-workplace
gdpr:.contract,.art9:.explicit-consent, gdpr:\ contract,
,.authorisation:[^}]*} }
consent:.explicit consent:\ given
R
sed -i 's/orgs: \[sopraco\]/orgs: [sopracco]/' $mol/policy.yaml
is "a policy that is not right yet gets its schema too" 0 "$schakel" policy schema $mol
cmp -s out schema.json && ok "the same one" || bad "the same one"
cp "$root"/policies/library/kempen/nodes/ocmw-mol/policy.yaml $mol/
json "every event stands in it" 'len(x["properties"]["share"]["items"]["properties"]["what"]["properties"])==25'

# ---------------------------------------------------------------- export
is "the record of processing" 0 "$schakel" policy export $mol --format ropa
json "one per recipient and purpose" '[(r["recipient"],r["purpose"]) for r in x["records"]]==[("cvo-kempen","learning.training"),("sopraco","work.placement"),("vdab-kempen","guidance.handover"),("vdab-kempen","guidance.joint")]'
json "with the keys of 17.1" 'all(set(r)=={"controller","recipient","recipient_name","purpose","data_subjects","categories","special","legal_basis","art9","retention","measures","rules"} for r in x["records"])'
json "lists sorted, no doubles" 'all(v==sorted(set(v)) for r in x["records"] for v in r.values() if isinstance(v,list))'
json "special data with their ground" 'x["records"][1]["special"]==["health"] and x["records"][1]["art9"]==["explicit-consent"]'
json "revealed categories count" '"social.guidance" in x["records"][3]["categories"]'
is "of one day" 0 "$schakel" policy export $mol --format ropa --day 2027-10-01
json "without the rule that ended" 'x["records"][3]["rules"]==["vdab-progress"]'
"$schakel" policy export $mol --format ropa >ropa.json
is "the record as CSV" 0 "$schakel" policy export $mol --format ropa-csv --lang nl
cp out ropa.csv
check "says what the record says" <<'P'
import csv, json
records = json.load(open('ropa.json'))['records']
rows = list(csv.DictReader(open('ropa.csv', newline='', encoding='utf-8')))
keys = dict(zip(rows[0], records[0]))
assert list(keys) == [
    'Verwerkingsverantwoordelijke', 'Ontvanger', 'Naam van de ontvanger',
    'Doel', 'Betrokkenen', 'Categorieën van gegevens',
    'Bijzondere categorieën', 'Rechtsgrond', 'Grond van art. 9',
    'Bewaartermijn', 'Maatregelen', 'Deelregels'], list(keys)
columns = ['controller', 'recipient', 'recipient_name', 'purpose',
           'data_subjects', 'categories', 'special', 'legal_basis', 'art9',
           'retention', 'measures', 'rules']
assert len(rows) == len(records) == 4
for row, record in zip(rows, records):
    for cell, key in zip(row.values(), columns):
        want = record[key]
        assert cell == (want if isinstance(want, str) else '; '.join(want))
P
# A partner calls itself by a formula, a tag and a link.
cp library/kempen/partners.yaml partners.kept
sed -i "s,name: Sopraco\$,name: '=HYPERLINK(1)|<b>x</b> [k](http://x)'," library/kempen/partners.yaml
is "an odd name, for a spreadsheet" 0 "$schakel" policy export $mol --format ropa-csv
says "is no formula" '"sopraco","'"'"'=HYPERLINK(1)|<b>x'
for format in "matrix $mol $day --format md" "render $mol $day" "render $mol $day --for-people"; do
  # shellcheck disable=SC2086
  is "and on a page: ${format%% *}" 0 "$schakel" policy $format
  says "no tag, link or column" '=HYPERLINK(1)\\|\\<b>x\\</b> \\\[k\](http'
done
# Two that are called the same (POLICY.md 9.1): told apart on paper too.
sed 's/name: VDAB Kempen.*/name: sopraco/' partners.kept >library/kempen/partners.yaml
is "a name that two bear" 0 "$schakel" policy check $mol
says "is said" "let op W024: 'vdab-kempen' heet zoals 'sopraco'\|let op W024: 'sopraco' heet zoals 'vdab-kempen'"
for format in "matrix $mol $day --format csv" "render $mol $day" \
  "render $mol $day --for-people" "export $mol --format ropa-csv" \
  "export $mol --format dpv"; do
  # shellcheck disable=SC2086
  is "and in: ${format%% *}" 0 "$schakel" policy $format
  says "one has its id" 'sopraco (vdab-kempen)'
  says "and the other" 'Sopraco (sopraco)'
done
mv partners.kept library/kempen/partners.yaml
cat >ld.py <<'P'
# JSON-LD read without fetching anything, and what it lost on the way.
from pyld import jsonld
def nothing(url, options=None):
    raise Exception('fetches ' + url)
jsonld.set_document_loader(nothing)
def count(value):  # keys that carry something, @context apart
    if isinstance(value, list):
        return sum(map(count, value))
    if isinstance(value, dict):
        return sum(1 + count(v) for k, v in value.items()
                   if k not in ('@context', '@value', '@type', '@id', 'uid'))
    return 0
def terms(value):
    if isinstance(value, list):
        for v in value:
            yield from terms(v)
    if isinstance(value, dict):
        for k, v in value.items():
            yield k, v
            yield from terms(v)
def strange(expanded):  # keys that are no IRI
    return [k for k, v in terms(expanded) if not k.startswith(('@', 'http', 'urn:'))]
P
is "ODRL" 0 "$schakel" policy export $mol --format odrl
cp out odrl.json
check "is JSON-LD in which no term is lost" <<'P'
import json, sys
sys.path.insert(0, '.')
from ld import count, jsonld, strange, terms
text = open('odrl.json').read()
doc = json.loads(text)
# Printed in parts, it reads like every other answer.
assert text == json.dumps(doc, indent=2, sort_keys=True, ensure_ascii=False) + '\n'
assert all(doc[key] for key in ('permission', 'obligation', 'prohibition'))
O = 'http://www.w3.org/ns/odrl/2/'
LEFT = {O + w for w in ('purpose', 'dateTime', 'delayPeriod')}
OPERATORS = {O + w for w in ('eq', 'gteq', 'lteq', 'isAnyOf')}
ACTIONS = {O + w for w in ('distribute', 'delete', 'obtainConsent')}
[x] = jsonld.expand(doc)
problems = strange(x)
if count(doc) != count(x):
    problems.append('%d keys became %d' % (count(doc), count(x)))
for key, value in terms(x):
    ids = [v.get('@id') for v in value if isinstance(v, dict)] if isinstance(value, list) else []
    if key == O + 'operator' and not set(ids) <= OPERATORS:
        problems.append(ids)
    if key == O + 'action' and not set(ids) <= ACTIONS:
        problems.append(ids)
    if key == O + 'leftOperand' and not all(i in LEFT or i.startswith('urn:schakel:term:') for i in ids):
        problems.append(ids)
print(problems)
sys.exit(bool(problems) or x['@type'] != [O + 'Set']
         or x[O + 'conflict'] != [{'@id': O + 'prohibit'}])
P
check "17.2: permissions, prohibitions and obligations, counted" <<'P'
import json, sys, yaml
doc = json.load(open('odrl.json'))
policy = yaml.safe_load(open('library/kempen/nodes/ocmw-mol/policy.yaml'))
partners = yaml.safe_load(open('library/kempen/partners.yaml'))['orgs']
def who(to):
    return set(to.get('orgs', [])) | {o for g in to.get('groups', [])
        for o, d in partners.items() if d['role'] == g}
fields = deletes = 0
for r in policy['share']:
    for e, f in r['what'].items():
        fields += len(who(r['to'])) * (1 if f == 'only-the-fact' else len(f))
        deletes += len(who(r['to']))
money = [p for p in doc['prohibition'] if p['target'] == 'urn:schakel:category:financial'
         and p['description'].startswith('Geldzaken')]
where = [c for p in doc['permission'] for c in p['constraint']
         if c['leftOperand'] == 'schakel:field:handover_kind']
print(len(doc['permission']), fields, len(doc['obligation']), deletes, len(money))
sys.exit(len(doc['permission']) != fields or len(doc['obligation']) != deletes
         or len(money) != len(partners) - 1 or not where)
P
# Never further than the matrix: prohibitions, limits, professional secrecy
# (7.4), a partner that left.
cp -R $mol $nodes/greedy
sed -i 's|^share:|&\n  - {id: greedy, text: t, to: {orgs: [sopraco, oud-atelier]}, for: [work.matching, work.placement], what: {preconditions.assessed: {pre_overall: exact, pre_health: exact}, language.assessed: {cefr_listen: exact}, workplace.started: {fitness: exact}, contact.updated: {address: exact}}, basis: {gdpr: contract, art9: employment-and-social-law, reference: r}, valid: {from: 2026-09-01, until: 2028-08-31}, roles: [mentor, team_lead]}|' \
  $nodes/greedy/policy.yaml
"$schakel" policy matrix $nodes/greedy $day --json >greedy.matrix
is "ODRL of rules that ask too much" 0 "$schakel" policy export $nodes/greedy --format odrl $day
check "permits what the matrix has, at its level and with its consent" <<'P'
import json, sys
last = lambda name: name.rsplit(':', 1)[1]
found, cells = {}, {}
for p in json.load(open('out'))['permission']:
    name = p['target']['source'].split(':')
    [level] = [r['rightOperand'] for r in p['target']['refinement']]
    [consent] = [c['rightOperand'] for d in p['duty'] for c in d['constraint']]
    [purposes] = [c['rightOperand'] for c in p['constraint'] if c['leftOperand'] == 'purpose']
    for one in purposes:
        key = last(p['assignee']), last(one['@id']), name[3], (name[4:] or ['(fact)'])[0]
        found.setdefault(key, set()).add((level, consent))
for c in json.load(open('greedy.matrix'))['cells']:
    cells[c['to'], c['for'], c['event'], c['field']] = c['level'], c['consent']
extra = set(found) - set(cells)
short = {k for k in set(cells) - set(found) if k[3] != '(fact)'}
wrong = {k: (found[k], cells[k]) for k in found if k in cells and cells[k] not in found[k]}
high = {k for k in found if k[2] in ('preconditions.assessed', 'language.assessed') and len(found[k]) != 1}
print(extra, short, wrong, high)
sys.exit(bool(extra or short or wrong or high)
         or found['sopraco', 'work.placement', 'workplace.started', 'fitness'] != {('exact', 'explicit')}
         or ('sopraco', 'work.placement', 'language.assessed', 'cefr_listen') not in found)
P
"$schakel" policy render $mol $day --consent --json >texts.json
"$schakel" policy matrix $mol $day --json >matrix.json
"$schakel" policy render $mol $day --json >rows.json
is "DPV" 0 "$schakel" policy export $mol --format dpv $day
cp out dpv.json
check "17.3: is JSON-LD in which no term is lost, and says what the matrix says" <<'P'
import json, sys, yaml
sys.path.insert(0, '.')
from ld import count, jsonld, strange, terms
doc = json.load(open('dpv.json'))
D, C, G = 'https://w3id.org/dpv#', 'http://purl.org/dc/terms/', 'https://w3id.org/dpv/legal/eu/gdpr#'
x = jsonld.expand(doc)
assert count(doc) - 1 == count(x), (count(doc), count(x))  # @graph
assert not strange(x), strange(x)
# Every key is a property of DPV (ISO/IEC TS 27560) or of Dublin Core.
known = {D + 'has' + w for w in ('DataController', 'Recipient', 'Purpose',
         'Processing', 'PersonalData', 'LegalBasis', 'StorageCondition',
         'Duration', 'TechnicalOrganisationalMeasure', 'Notice')} | {
         C + w for w in ('title', 'identifier', 'description', 'language',
                         'isPartOf', 'hasPart', 'valid')}
assert {k for k, v in terms(x) if k[0] != '@'} == known
types = {t for k, v in terms(x) if k == '@type' and isinstance(v, list) for t in v}
assert types == {D + w for w in ('Process', 'PersonalData',
    'SpecialCategoryPersonalData', 'ConsentNotice', 'ExpressedConsent',
    'ExplicitlyExpressedConsent', 'StorageDuration', 'StorageDeletion')} | {
    G + w for w in ('A6-1-b', 'A6-1-e', 'A9-2-a', 'A9-2-b')}, types
ropa = {(r['recipient'], r['purpose']): r
        for r in json.load(open('ropa.json'))['records']}
rows = {(r['to'], r['for']): r for r in json.load(open('rows.json'))['rows']}
texts = {(t['to'], t['for']): t for t in json.load(open('texts.json'))['texts']}
last = lambda i: i.rsplit(':', 1)[1]
ids = lambda v: {last(i['@id']) for i in v}
seen = set()
for p in x:
    key = (last(p[D + 'hasRecipient'][0]['@id']), last(p[D + 'hasPurpose'][0]['@id']))
    seen.add(key)
    data = p[D + 'hasPersonalData']
    special = {last(c['@id']) for c in data
               if c['@type'] == [D + 'SpecialCategoryPersonalData']}
    assert ids(data) == set(ropa[key]['categories']), key
    assert {s.split('.')[0] for s in special} == set(ropa[key]['special']), key
    bases = {b['@type'][0][len(G):] for b in p[D + 'hasLegalBasis']}
    assert bases == {{'contract': 'A6-1-b', 'public-task': 'A6-1-e'}[b.split(':')[0]]
                     for b in rows[key]['basis']} | {
                     {'explicit-consent': 'A9-2-a', 'employment-and-social-law': 'A9-2-b'}[a]
                     for a in ropa[key]['art9']}, (key, bases)
    assert {b[C + 'description'][0]['@value'] for b in p[D + 'hasLegalBasis']} == {
        b.split(': ', 1)[1] for b in rows[key]['basis']}
    kept = [s for s in p[D + 'hasStorageCondition'] if s['@type'] == [D + 'StorageDuration']]
    assert {s[C + 'description'][0]['@value'] for s in kept} == set(rows[key]['retain'])
    assert all(s[D + 'hasDuration'][0]['@value'] == 'P%sM' % s[C + 'description'][0]['@value'].split()[0]
               for s in kept)
    assert ids(p[D + 'hasTechnicalOrganisationalMeasure']) == set(ropa[key]['measures'])
    [notice] = p[D + 'hasNotice']
    text = texts[key]
    assert notice['@id'] == 'urn:sha256:' + text['sha256']
    assert notice[C + 'description'][0]['@value'] == text['text']
    asked = {a['@type'][0]: ids(a[D + 'hasPersonalData']) for a in notice[C + 'hasPart']}
    assert asked.get(D + 'ExplicitlyExpressedConsent', set()) == set(text['explicit'])
    assert set().union(*asked.values()) == set(text['categories']) | set(text['explicit'])
    assert key[0] != 'sopraco' or 'health.workplace' not in asked[D + 'ExpressedConsent']
assert seen == set(rows), seen
P
is "in English" 0 "$schakel" policy export $mol --format dpv $day --lang en
says "with the English text" '"dct:language": "en"'
is "of a day on which nothing goes" 0 "$schakel" policy export $mol --format dpv --day 2030-01-01
json "an empty graph" 'x["@graph"]==[]'
is "a participant goes with DPV only" 2 "$schakel" policy export $mol --format odrl --participant x
is "another form" 2 "$schakel" policy export $mol --format xml

# ------------------------------------------------------------------- new
shared="--vocabulary library/vocabulary.yaml --guards library/guards.yaml --partners library/kempen/partners.yaml"
# shellcheck disable=SC2086
new() { dir=$1; shift; "$schakel" policy new "$dir" $shared "$@"; }
is "a first bundle" 0 new first --org sopraco --to cvo-kempen --for work.placement \
  --event workplace.started --ground contract --reference 'Een "overeenkomst" \ 2026' --from 2026-10-01
is "passes check, strictly" 0 "$schakel" policy check first --strict
is "passes its test, which covers it" 0 "$schakel" policy test first --min-coverage 100
is "proves its invariants" 0 "$schakel" policy prove first
is "is not written over" 73 new first --org sopraco --to cvo-kempen --for work.placement \
  --event workplace.started --ground contract --reference r
printf '2\ncvo-kempen, 3\nwork.placement\nworkplace.started 1\n2\nProtocol 2026\n' >answers
"$schakel" policy new asked $shared --lang en <answers >out 2>err && ok "asks what no option says" || bad "asks what no option says"
says "in the language asked for" 'Who are you?'
is "and writes what was answered" 0 "$schakel" policy render asked --json
json "for both partners" '{r["to"] for r in x["rows"]}=={"cvo-kempen","vdab-kempen"}'
is "a word that is almost right" 2 new almost --org sopracco
says "gets a hint" "bedoelde u 'sopraco'\|did you mean 'sopraco'"
[ ! -e almost ] && ok "and writes nothing" || bad "and writes nothing"
# At a terminal a wrong answer is asked for again (sopraco, then both wrong).
printf 'sopracco\n\nsopraco\ncvo-kempen, nobody\nvdab-kempen\nwork.placement\nworkplace.started\n9\ncontract\n\nOvereenkomst 2026\n' >answers
script -qec "$schakel policy new patient $shared --lang nl" /dev/null <answers >out 2>err &&
  ok "a wrong answer at a terminal is asked again" || bad "a wrong answer at a terminal is asked again"
says "with a hint" "bedoelde u 'sopraco'"
is "and the right ones count" 0 "$schakel" policy render patient --json
json "no others" '{r["to"] for r in x["rows"]}=={"vdab-kempen"}'
is "a text with a hidden character" 2 new hidden --org sopraco --to cvo-kempen --for work.placement \
  --event workplace.started --ground contract --reference "$(printf 'a\033[31mb')"
[ ! -e hidden ] && ok "writes nothing" || bad "writes nothing"
mkdir taken && touch taken/policy.yaml
is "a folder that is taken is said before the questions" 73 "$schakel" policy new taken $shared
! grep -q 'Wie bent u' err && ok "so none is asked" || bad "so none is asked"
is "nobody to answer" 2 "$schakel" policy new none $shared
says "says that nothing was written" 'er is niets geschreven'
is "legitimate interest is not for a public body" 2 new never --org ocmw-mol --to sopraco \
  --for work.placement --event goal.set --ground legitimate-interest --reference r
# Whoever shares whatever with whomever: check passes.
pairs=0
for owner in ocmw-mol sopraco cvo-kempen vdab-kempen; do
  for to in ocmw-mol sopraco cvo-kempen vdab-kempen; do
    [ $owner = $to ] && continue
    # All events that are offered, as options.
    printf '\n' | "$schakel" policy new x $shared --org $owner --to $to \
      --for guidance.joint 2>err >/dev/null
    all=$(sed -n 's/^ *[0-9]*  \([a-z_.]*\) .*/--event \1/p' err | tr '\n' ' ')
    # shellcheck disable=SC2086
    if new pair-$owner-$to --org $owner --to $to --for guidance.joint $all \
      --ground public-task --reference r >out 2>err &&
      "$schakel" policy check pair-$owner-$to >out 2>&1 &&
      "$schakel" policy test pair-$owner-$to --min-coverage 100 >out 2>&1; then
      pairs=$((pairs + 1))
    else
      bad "a first policy of $owner for $to"
    fi
  done
done
[ $pairs = 12 ] && ok "every pair of partners gets a policy that passes" || bad "every pair ($pairs)"

exit $failed
