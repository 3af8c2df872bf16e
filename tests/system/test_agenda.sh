#!/bin/sh
# schakel agenda: what a coach sees, says and takes along in a calendar, on
# the nodes of a story that stay up.
#   sh tests/system/test_agenda.sh BUILD_DIR
. tests/system/check.inc

TMPDIR=$work LANG=C "$build/schakel" rehearse --keep \
  tests/scenarios/S2A.yaml >"$work/story" 2>&1
check "the story runs, its timers too, and stays" $?
! grep -q 'timers' "$work/story" && grep -q '0 not checked' "$work/story"
check "its timers are checked" $?
pids=$(sed -n 's/.*# pid \([0-9]*\)$/\1/p' "$work/story")
root=$(sed -n 's/.*--dir \(.*\)\/buso .*/\1/p' "$work/story")

ask() { # LANG ORG WORD...
  lang=$1 org=$2
  shift 2
  LANG=$lang "$build/schakel" "$@" --dir "$root/$org" >"$work/out" \
    2>"$work/err"
}
says() { grep -qF -- "$1" "$work/out"; }

# ------------------------------------------------------------ on screen
ask nl_BE.UTF-8 buso agenda && says 'Te doen' && says 'Nog geen eerste contact' &&
  says 'begeleider' && says 'Jonas Mertens, GTB Kempen' && says '2027-05-26'
check "a coach reads what is to be done, with names, in Dutch" $?
ask C buso agenda && says 'To do' && says 'No first contact yet'
check "and in English" $?
ask nl_BE.UTF-8 buso agenda list && says 'Nog geen eerste contact' && says 'te doen'
check "agenda list is a table of the same" $?
ask C buso agenda --help && says 'agenda done'
check "help tells both commands" $?
ask C buso agenda --tell team-lead && ! says 'Jonas'
check "a team lead sees no names" $?

item=$("$build/schakel" agenda --json --dir "$root/buso" | tr -d ' \n' |
  grep -o '"item":[0-9]*' | head -n 1 | cut -d : -f 2)
ask C buso agenda done "$item" && says 'done'
check "what was done is told by its number" $?
ask C buso agenda done "$item"
[ $? = 1 ] && grep -q "not possible in this state" "$work/err"
check "once" $?
ask C buso agenda && ! grep -q "^ *$item  " "$work/out"
check "and is off the list" $?
ask C buso agenda --done && says 'Done' && grep -q "^ *$item  " "$work/out"
check "unless it is asked for" $?
ask C buso agenda --until tomorrow
[ $? != 0 ] && grep -q until "$work/err"
check "a day that is none is refused" $?

# ------------------------------------------------------------ by the page
ask C buso agenda --until 2030-01-01 --json
python3 - "$work/out" >"$work/all" <<'PYTHON'
import json, sys
items = [one['item'] for one in json.load(open(sys.argv[1]))['items']]
assert len(items) > 1
print(*items, sep='\n')
PYTHON
check "the whole agenda has more than one item" $?
: >"$work/paged"
next='--until 2030-01-01 --limit 1'
pages=0
while :; do
  # shellcheck disable=SC2086
  ask C buso agenda $next || break
  pages=$((pages + 1))
  grep -o '^ *[0-9]*  2[0-9-]*  ' "$work/out" | awk '{print $1}' \
    >>"$work/paged"
  next=$(sed -n 's/^There is more: schakel agenda //p' "$work/out")
  [ -n "$next" ] && [ "$pages" -lt 100 ] || break
done
cmp -s "$work/all" "$work/paged" && [ "$pages" -gt 1 ]
check "each page says how to ask for the next, and all is there once" $?
ask nl_BE.UTF-8 buso agenda --limit 1 --until 2030-01-01 &&
  says 'Er is nog meer: schakel agenda --from'
check "and in Dutch" $?
person=$("$build/schakel" participant list --json --dir "$root/buso" |
  grep -o '"participant": "[^"]*' | head -n 1 | cut -d '"' -f 4)
ask C buso agenda --limit 1 --until 2030-01-01 --done --tell coach \
  --participant "$person" &&
  says " --until 2030-01-01 --limit 1 --tell coach --participant $person --done"
check "it asks the same question, not one about everybody" $?
ask C buso agenda --after many --from 2027-01-01
[ $? != 0 ] && grep -q after "$work/err"
check "what is no number is refused" $?

# ------------------------------------------------------------ a calendar
ask nl_BE.UTF-8 buso agenda --ical --done --until 2030-01-01
check "a calendar is written" $?
cp "$work/out" "$work/agenda.ics"
ask nl_BE.UTF-8 buso agenda --ical --done --until 2030-01-01 --limit 1 &&
  cmp -s "$work/out" "$work/agenda.ics"
check "a calendar is whole, whatever the size of a page" $?
cat >"$work/read.py" <<'PYTHON'
"""RFC 5545, as far as an agenda goes: lines, folding, components, and what
each event must have; then the same by the icalendar library, when there."""
import re, sys
data = open(sys.argv[1], 'rb').read()
assert data.endswith(b'\r\n') and b'\n' not in data.replace(b'\r\n', b'')
for line in data.split(b'\r\n'):
    assert len(line) <= 75, line
    line.decode('utf-8')
lines = data.decode('utf-8').replace('\r\n ', '').split('\r\n')[:-1]
stack, events, now = [], [], None
for line in lines:
    m = re.fullmatch(r'([A-Z-]+)((?:;[A-Z-]+=[^:;]+)*):(.*)', line)
    assert m, line
    name, params, value = m.groups()
    if name == 'BEGIN':
        stack.append(value)
        now = {} if value == 'VEVENT' else now
    elif name == 'END':
        assert stack.pop() == value
        if value == 'VEVENT':
            events.append(now)
    elif stack[-1] == 'VEVENT':
        assert name not in now, name
        now[name] = (params, value)
    else:
        assert stack == ['VCALENDAR'], line
assert not stack and lines[0] == 'BEGIN:VCALENDAR'
assert 'VERSION:2.0' in lines and any(l.startswith('PRODID:') for l in lines)
assert len(events) >= 5, len(events)
for e in events:
    for need in ('UID', 'DTSTAMP', 'DTSTART', 'DTEND', 'SUMMARY'):
        assert need in e, need
    assert re.fullmatch(r'\d{8}T\d{6}Z', e['DTSTAMP'][1])
    assert e['DTSTART'][0] == ';VALUE=DATE'
    assert re.fullmatch(r'\d{8}', e['DTSTART'][1])
    assert e['DTEND'][1] > e['DTSTART'][1]
assert len({e['UID'][1] for e in events}) == len(events)
titles = {e['SUMMARY'][1] for e in events}
assert 'Nog geen eerste contact' in titles, titles
text = data.decode('utf-8')
for secret in ('Jonas', 'Mertens', 'gtb', 'GTB', 'houtzaak', '2008'):
    assert secret not in text.replace('\r\n ', ''), secret
try:
    import icalendar
except ImportError:
    sys.exit(0)
calendar = icalendar.Calendar.from_ical(data)
assert len(calendar.walk('VEVENT')) == len(events)
PYTHON
# Packages of apt are those of its own python.
python=python3
[ -x /usr/bin/python3 ] && python=/usr/bin/python3
"$python" "$work/read.py" "$work/agenda.ics" >"$work/out" 2>"$work/err"
check "that a strict reader takes, with labels and ids and no names" $?

exit $failed
