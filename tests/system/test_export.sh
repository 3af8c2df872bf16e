#!/bin/sh
# A client system follows a real node: CloudEvents that the specification
# allows, nothing lost when either dies, nothing that was erased.
#   sh tests/system/test_export.sh BUILD_DIR
set -u
build=$(cd "${1:?}" && pwd)
root=$PWD
work=$(mktemp -d)
failed=0
pids=
follower=
finish() {
  for pid in $pids $follower; do kill -9 "$pid" 2>/dev/null; done
  rm -rf "$work"
}
trap finish EXIT INT TERM
unset SCHAKEL_DIR LC_ALL LC_MESSAGES
export LANG=C

check() { # NAME STATUS
  if [ "$2" = 0 ]; then
    echo "ok - $1"
  else
    echo "not ok - $1"
    failed=1
    sed 's/^/  | /' "$work/out" "$work/err" 2>/dev/null | head -40
  fi
}
node() { # ORG WORD...
  org=$1
  shift
  "$build/schakel" "$@" --dir "$nodes/$org" >"$work/out" 2>"$work/err"
}
json() { # ORG KEY WORD...: the first value of that key
  org=$1 key=$2
  shift 2
  "$build/schakel" "$@" --json --dir "$nodes/$org" 2>/dev/null |
    sed -n "s/.*\"$key\": \"\(.*\)\".*/\1/p" | head -1
}
wait_for() { # PATTERN FILE: patience, 60 s
  for _ in $(seq 600); do
    grep -q "$1" "$2" 2>/dev/null && return 0
    sleep 0.1
  done
  return 1
}

TMPDIR=$work "$build/schakel" rehearse --keep tests/scenarios/S2A.yaml >"$work/story" 2>&1
check "a story stays up" $?
pids=$(sed -n 's/.*# pid \([0-9]*\)$/\1/p' "$work/story")
nodes=$(sed -n 's/.*--dir \(.*\)\/buso .*/\1/p' "$work/story")
cd "$work" || exit 1

# ------------------------------------------------------------ CloudEvents 1.0
for org in buso gtb houtzaak; do
  node $org export events --since 0
  check "$org tells what happened" $?
  cat out >>all.ndjson
  cp out $org.ndjson
done
# The Python that has the Debian packages (tools/dev/setup.sh).
for python in python3 /usr/bin/python3; do
  $python -c 'import jsonschema' 2>/dev/null && break
done
# The rules of CloudEvents 1.0.2: sections 3.1 (attributes, 3.1.1 their names),
# 2.2 (types), and JSON format 1.0.2, 3 (data).
cat >cloudevent.py <<'END'
import json, re, sys
from datetime import datetime
from jsonschema import Draft7Validator
text = {'type': 'string', 'minLength': 1}
schema = {
    'type': 'object',
    'required': ['id', 'source', 'specversion', 'type'],
    'propertyNames': {'pattern': '^[a-z0-9]{1,20}$'},
    'properties': {
        'specversion': {'const': '1.0'}, 'id': text, 'source': text,
        'type': {'type': 'string', 'pattern': r'^be\.traject\.[a-z_.]+\.v1$'},
        'datacontenttype': {'const': 'application/json'}, 'subject': text,
        'dataschema': text, 'time': text, 'data': {'type': 'object'},
    },
    # extensions are strings, here: no booleans, integers or objects
    'additionalProperties': text,
    'not': {'required': ['data_base64']},
}
validator = Draft7Validator(schema)
known = {'trajectid', 'purposeid', 'consentid', 'policyid', 'keepuntil',
         'causationid', 'correlationid', 'provenance', 'sequence'}
seen, last = set(), ''
for line in open(sys.argv[1], encoding='utf-8'):
    event = json.loads(line)
    errors = list(validator.iter_errors(event))
    assert not errors, (errors[0].message, line)
    # a URI-reference (RFC 3986): no character that must be escaped
    assert re.fullmatch(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+", event['source'])
    if 'time' in event: # RFC 3339, and only the day (DOMAIN.md 3.1)
        assert datetime.strptime(event['time'], '%Y-%m-%dT00:00:00Z')
    extensions = set(event) - set(schema['properties'])
    assert extensions <= known, extensions
    assert (event['source'], event['id']) not in seen
    seen.add((event['source'], event['id']))
    assert re.fullmatch('[0-9]{20}', event['sequence']) and event['sequence'] > last
    last = event['sequence']
print(len(seen))
END
for org in buso gtb houtzaak; do
  $python cloudevent.py $org.ndjson >out 2>err && [ "$(cat out)" -ge 2 ]
  check "$org: each line is a CloudEvent of the specification ($(cat out))" $?
done
grep -q '"source":"buso","specversion":"1.0"' gtb.ndjson &&
  grep -q '"type":"be.traject.handover.requested.v1"' gtb.ndjson &&
  grep -q '"purposeid":"guidance.handover"' gtb.ndjson &&
  grep -q '"keepuntil":"20' gtb.ndjson && grep -q '"policyid":"buso/' gtb.ndjson
check "what a partner sent is marked as its own, with its terms" $?
grep -q '"source":"gtb"' gtb.ndjson
check "beside what was recorded here" $?

# ------------------------------------------------------------ at least once
node buso export events --subscriber cvs
cp out first
node buso export events --subscriber cvs
cmp -s out first && [ -s first ]
check "what was not confirmed comes again, the same" $?
cursor=$(tail -1 first | sed 's/.*"sequence":"0*\([0-9]*\)".*/\1/')
node buso feed confirm cvs "$cursor"
check "the client system confirms" $?
node buso export events --subscriber cvs
[ ! -s out ]
check "and then it comes no more" $?
node buso export events --since 0
cmp -s out first
check "but whoever asks from the start has it" $?
node buso feed confirm cvs $((cursor + 1))
[ $? = 2 ]
check "nobody confirms what is not there" $?

# ------------------------------------------------------------ following
person=$(json buso participant participant list)
"$build/schakel" export events --subscriber cvs --follow --confirm --dir "$nodes/buso" >follow 2>follow.err &
follower=$!
node buso event record "$person" goal.set --fields occupation=8344.1 --fields preference_kind=wanted
wait_for 'be.traject.goal.set.v1' follow
check "who follows sees what is recorded" $?
for _ in $(seq 600); do
  node buso feed list --json
  grep -q "\"cursor\": $((cursor + 1))" out && break
  sleep 0.1
done
grep -q "\"cursor\": $((cursor + 1))" out
check "and it is confirmed by itself" $?
kill -9 $follower
wait $follower 2>/dev/null
node buso event record "$person" goal.set --fields occupation=5321.1 --fields preference_kind=explore
node buso export events --subscriber cvs
[ "$(wc -l <out)" = 1 ] && grep -q 5321.1 out
check "who was killed finds what it missed" $?

# ------------------------------------------------------------ nothing erased
message=$(grep '"be.traject.workplace.started.v1"' houtzaak.ndjson | head -1 | sed 's/.*,"id":"\([^"]*\)".*/\1/')
[ -n "$message" ] && grep -q "\"id\":\"$message\"" houtzaak.ndjson
check "the company was told of a workplace" $?
node buso consent withdraw "$person" --recipients houtzaak
check "the participant withdraws" $?
node buso export events --since "$cursor"
grep -q '"type":"be.traject.consent.withdrawn.v1"' out && grep -q "\"subject\":\"$person\"" out
check "the school's own system sees that" $?
for _ in $(seq 600); do
  node houtzaak export events --since 0
  grep -q "\"causationid\":\"$message\"" out && break
  sleep 0.1
done
grep -q '"source":"buso".*"type":"be.traject.consent.withdrawn.v1"' out &&
  ! grep -q "\"id\":\"$message\"" out
check "the company's sees the recall, and the message no more" $?
node houtzaak erasure confirm buso
node houtzaak export events --since 0
grep -q '"type":"be.traject.erasure.confirmed.v1"' out && ! grep -q "\"id\":\"$message\"" out
check "and that it is erased" $?
cp out houtzaak.after
$python cloudevent.py houtzaak.after >out 2>err
check "in CloudEvents too" $?

# ------------------------------------------------------------ wrong use
node buso export events --format avro
[ $? = 2 ]
check "another format is wrong use" $?
node buso export events --confirm
[ $? = 2 ]
check "so is confirming without a name" $?
exit $failed
