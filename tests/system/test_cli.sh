#!/bin/sh
# What people see of the programs: versions, exit codes of wrong use, log lines,
# and what a refused command leaves behind.
set -u
build=${1:?}
case $build in /*) ;; *) build=$PWD/$build ;; esac
schakel=$build/schakel
library=$PWD/policies/library/kempen
story=$PWD/tests/scenarios/S2A.yaml
root=$PWD
version=$(sed -n 's/^VERSION := //p' Makefile)
work=$(mktemp -d)
daemon=
trap '[ -n "$daemon" ] && kill "$daemon"; rm -rf "$work"' EXIT
cd "$work" || exit 1
unset SCHAKEL_DIR LC_ALL LC_MESSAGES JOURNAL_STREAM
export LANG=C
failed=0
ok() { echo "ok - $1"; }
bad() { echo "not ok - $1"; failed=1; sed 's/^/  | /' out err 2>/dev/null; }
is() { # NAME CODE COMMAND...
  name=$1; want=$2; shift 2
  "$@" >out 2>err </dev/null
  got=$?
  [ $got = "$want" ] && ok "$name" || { bad "$name"; echo "  | exit $got, not $want"; }
}
says() { grep -q -e "$2" out err && ok "$1" || bad "$1"; }

for program in schakel schakeld schakel-net; do
  is "$program --version" 0 "$build/$program" --version
  [ "$(cat out)" = "$program $version" ] && ok "is $version" || bad "is $version"
done

# ------------------------------------------------------------ another user
mkdir -m 000 closed
if [ "$(id -u)" = 0 ]; then
  mkdir bin; cp "$build/schakeld" bin; chmod 755 "$work" bin bin/schakeld
  is "a folder of another user" 77 setpriv --reuid=65534 --regid=65534 \
    --clear-groups bin/schakeld --dir closed
else
  is "a folder of another user" 77 "$build/schakeld" --dir closed
fi
says "says that it is not readable" "not readable by this user"
is "a folder that is not there" 78 "$build/schakeld" --dir nowhere
says "says that it is not there" "not found"

# -------------------------------------------------------- nothing left behind
is "init with a wrong passphrase file" 2 "$schakel" init --dir none --org x --passphrase-file nowhere
[ ! -e none ] && ok "leaves no folder" || bad "leaves no folder"
is "init without a terminal" 2 setsid "$schakel" init --dir none --org x
[ ! -e none ] && ok "leaves no folder either" || bad "leaves no folder either"
mkdir mine; touch mine/file
is "init into a folder of mine that fails" 2 setsid "$schakel" init --dir mine --org x
[ -e mine/file ] && ok "keeps it" || bad "keeps it"

# ----------------------------------------------------------------- log lines
is "init" 0 "$schakel" init --dir mol --org ocmw-mol --key-file key
run() { # LOG [NAME=VALUE...]: a node, and an address that is not ours
  log=$1; shift
  sed -i '/listen/d' mol/node.conf
  echo "listen: 'tcp://192.0.2.1:7411'" >> mol/node.conf
  env "$@" "$build/schakeld" --dir mol >ready 2>"$log" &
  daemon=$!
  for i in $(seq 50); do grep -q listen "$log" 2>/dev/null && break; sleep 0.1; done
  kill "$daemon"; wait "$daemon"; daemon=
  cp "$log" out; : > err
}
run plain
says "a log line: time, level, sentence" \
  '^20[0-9-]* [0-9:]*Z warning: cannot listen on the address of node.conf'
grep -q '<4>' plain && bad "no syslog level on a terminal" || ok "no syslog level on a terminal"
run dutch LANG=nl_BE.UTF-8
says "in Dutch" '^20[0-9-]* [0-9:]*Z let op: cannot listen'
: > journal
run journal JOURNAL_STREAM="$(stat -c %d:%i journal)"
says "the journal gets its level" '^<4>cannot listen on the address of node.conf'
run other JOURNAL_STREAM=1:1
says "not when stderr is something else" '^20[0-9-]* [0-9:]*Z warning: '

# ------------------------------------------------------------------ warnings
sed -i '/listen/d' mol/node.conf
is "card renew --endpoint without listen" 0 "$schakel" card renew --dir mol --endpoint tcp://x.example.be:7411
says "warns" "warning: the card names an address, but node.conf has no 'listen'"
echo "listen: 'tcp://127.0.0.1:7419'" >> mol/node.conf
is "card renew --endpoint with listen" 0 "$schakel" card renew --dir mol --endpoint tcp://x.example.be:7411
grep -q warning err && bad "does not" || ok "does not"
sed -i '/listen/d' mol/node.conf

# ----------------------------------------------------- wrong use is 2, never 1
"$build/schakeld" --dir mol >ready 2>log &
daemon=$!
for i in $(seq 100); do grep -q READY ready && break; sleep 0.1; done
export SCHAKEL_DIR=mol
id=0190a0b1-c2d3-4e4f-8a6b-7c8d9eafb0c1
while read -r line; do
  # shellcheck disable=SC2086
  is "wrong use: $line" 2 "$schakel" $line
done <<END
participant show x
participant show
participant add
participant add --given-name x --birth-date 20
participant add --given-name x --insz 123
participant list --limit 0
participant list --limit -1
inbox list --limit x
event record x y
event record --stdin extra
event show x
event record $id goal.set --fields a=1 --fields a=2
relation open $id gtb --from 2026-13-01
relation open $id GTB --from 2026-12-01
consent give x --until 2027-01-01 --purposes a --recipients b
consent list x
disclosure preview x y z
message show x
handover accept x
handover show x
erasure refuse gtb law notaday
clock set x
calendar close --days x
contact set
agenda list --until x
agenda done x
peer show X
status extra
card import nowhere
card renew --endpoint nowhere
policy activate nowhere
rehearse nowhere
rehearse --crash x $story
rehearse --crash 0 $story
rehearse --lang fr $story
completion tcsh
nonsense
participant nonsense
--nonsense
END
is "a question that is understood: no" 1 "$schakel" participant show $id

# A terminal in Latin-1: a name is refused, never left out.
latin=$(printf 'Andr\351')
is "a text that is not UTF-8" 2 "$schakel" participant add Lotte --family-name "$latin"
says "is named by its option" '^schakel: this is no text in UTF-8: --family-name$'
is "also behind a sign" 2 "$schakel" participant add Lotte --family-name="$latin" --json
says "and as JSON" '"where": "--family-name"'
echo "$latin" >typed
is "also when it is typed" 2 sh -c '"$1" participant add Lotte --family-name - <typed' sh "$schakel"
is "and nobody was added" 0 "$schakel" participant find --name lotte --json
says "nobody" '"participants": \[\]'

# ----------------------------------------------------------- policy activate
is "a charter of our own" 0 "$schakel" charter new --out charter --id test \
  --vocabulary "$library/../vocabulary.yaml" --guards "$library/../guards.yaml" \
  --partners "$library/partners.yaml" --threshold 1 --steward ocmw-mol --card mol/own.card
is "signed" 0 "$schakel" charter sign --dir mol charter
is "and imported" 0 "$schakel" charter import charter
person=$("$schakel" participant add Noor --json | sed -n 's/.*"participant": "\(.*\)".*/\1/p')
is "a value that cannot be" 1 "$schakel" event record "$person" handover.requested --fields handover_kind=cold
says "and those that can" '^     warm  *Warm handover$'
is "as JSON for machines only" 1 "$schakel" event record "$person" handover.requested --fields handover_kind=cold --json
[ -s err ] && bad "nothing else" || ok "nothing else"
cp -r "$library/.." library
bundle=library/kempen/nodes/ocmw-mol
for name in dpo deputy; do
  is "a key for $name" 0 "$schakel" policy officer $name --key $name.key \
    --list $bundle/officers.yaml
done
is "a key is not overwritten" 73 "$schakel" policy officer dpo --key dpo.key
is "not signed yet" 2 "$schakel" policy activate $bundle
is "nobody signs" 1 "$schakel" policy sign $bundle --as boss --key dpo.key --first
says "which is told" 'niet in officers.yaml'
[ -z "$(ls $bundle | grep MANIFEST)" ] && ok "and leaves nothing" || bad "and leaves nothing"
# What two officers would sign in vain, is said before the first does.
cp library/guards.yaml guards.yaml
echo '# van ons' >>library/guards.yaml
is "other words than the charter's" 0 "$schakel" policy sign $bundle --as dpo --key dpo.key --first
says "are named" 'let op: deze bestanden zijn niet die van het charter.*'
says "by their file" '^  het charter.*guards\.yaml\|charter: guards\.yaml$'
! grep -q 'klopt dit beleid niet' err && ok "and do no harm" || bad "and do no harm"
sed -i 's/^version: 1$/version: 2/' library/guards.yaml
cp $bundle/policy.yaml policy.old
sed -i 's,^guards: vlaanderen/1,guards: vlaanderen/2,' $bundle/policy.yaml
is "a policy for another charter" 0 "$schakel" policy sign $bundle --as dpo --key dpo.key --first --json
says "is told too" 'onder dat charter klopt dit beleid niet'
says "why" 'policy.yaml:.*E012'
says "also to a program" '"differs": "guards.yaml"'
row() { # COMMAND: the answer has the keys of its row in POLICY.md 16, no others
  python3 - "$1" "$root/docs/POLICY.md" <<'P' >err 2>&1 && ok "as POLICY.md 16 says: $1" || bad "as POLICY.md 16 says: $1"
import json, re, sys
[line] = [l for l in open(sys.argv[2]) if l.startswith('| %s ' % sys.argv[1])]
said = set(re.findall(r'"([a-z_]+)"[:,}]', line.split(' | ')[2].split('`')[1])) - {sys.argv[1]}
got = set(json.load(open('out')))
print(sorted(said), sorted(got))
sys.exit(said != got)
P
}
row sign
is "without a node nothing is compared" 0 env SCHAKEL_DIR=nowhere \
  "$schakel" policy sign $bundle --as dpo --key dpo.key --first
says "which is said" '^Niet vergeleken met het charter'
is "but with a charter at hand" 0 env SCHAKEL_DIR=nowhere \
  "$schakel" policy sign $bundle --as dpo --key dpo.key --first --charter charter
says "it is" 'E012'
cp policy.old $bundle/policy.yaml
cp guards.yaml library/guards.yaml
is "the dpo signs" 0 "$schakel" policy sign $bundle --as dpo --key dpo.key --first
[ ! -s err ] && ok "and nothing is to be said" || bad "and nothing is to be said"
is "one signature is not enough" 1 "$schakel" policy activate $bundle
says "for a first policy" 'eerste beleid: dat vraagt altijd twee'
says "says who signed, and who may" '^Getekend: dpo\.  Kan nog tekenen: deputy\.$'
says "and how" "^  schakel policy sign $bundle --as deputy --key BESTAND$"
is "the deputy does not sign as the dpo" 1 \
  "$schakel" policy sign $bundle --as dpo --key deputy.key
is "the deputy signs" 0 "$schakel" policy sign $bundle --as deputy --key deputy.key
says "who signed" '2 handtekening.* deputy dpo'
is "policy activate" 0 "$schakel" policy activate $bundle
count=$(grep -c '^  [0-9]*:[0-9]*: let op W' out)
case $count in
  0) says "says so" '^Het beleid .* geldt nu, met 0 waarschuwingen[.,]' ;;
  1) says "says so" '^Het beleid .* geldt nu, met 1 waarschuwing' ;;
  *) says "says so" "^Het beleid .* geldt nu, met $count waarschuwingen" ;;
esac
accepted=$("$schakel" policy check $bundle | sed -n 's/.*, \([0-9]* aanvaard\)$/\1/p')
says "and counts what the policy accepts, as check does" ", ${accepted:-none}"
! grep -q 'let op W002' out && ok "without telling it again" || bad "without telling it again"
says "shows whom the first policy names" 'eerste beleid van dit knooppunt'
grep -qFx "$(sed -n '/^  dpo: /p' $bundle/officers.yaml)" out &&
  ok "with their keys" || bad "with their keys"

# ------------------------------------------------- narrower, wider, back again
version=$(sed -n 's/^version: \([0-9]*\).*/\1/p' $bundle/policy.yaml)
next() { # NUMBER: as version NUMBER more than the first
  sed -i "s/^version: .*/version: $((version + $1))/" $bundle/policy.yaml
}
cp $bundle/policy.yaml first.yaml
next 1
sed -i -e 's/retain: {for: 12 months/retain: {for: 6 months/' \
  -e 's/text: De school kan inschrijven.*/text: Zomaar anders./' \
  -e 's/^version: \(.*\)/"version" :  "\1"  # "zes" maanden/' $bundle/policy.yaml
is "the change is narrower" 0 "$schakel" policy diff $bundle $bundle
is "the dpo signs alone" 0 "$schakel" policy sign $bundle --as dpo --key dpo.key
says "and hears that one is enough" '^Deze versie vraagt 1 handtekening'
says "what becomes narrower" '^ENGER: er kan minder uit dan voordien'
says "and what reads otherwise" "cvo-enrolment.text .*'Zomaar anders.'"
! grep -q 'invariants' out && ok "and not what stays" || bad "and not what stays"
is "narrower needs one" 0 "$schakel" policy activate $bundle
! grep -q 'eerste beleid' out && ok "which is not the first" || bad "which is not the first"
cp first.yaml $bundle/policy.yaml
next 2
is "the dpo signs what is wider" 0 "$schakel" policy sign $bundle --as dpo --key dpo.key
says "and hears that it takes two" '^Deze versie vraagt 2 handtekening'
says "and why" '^RUIMER: er kan meer uit dan voordien'
is "wider needs two" 1 "$schakel" policy activate $bundle
grep -q '^RUIMER: er kan meer uit dan voordien' out &&
  grep -q '^Naar .*, voor ' out && grep -q 'bewaren: 6 maanden na verzending -> 12 maanden' out &&
  ok "says what is wider, in sentences" || bad "says what is wider, in sentences"
says "and whose signature is missing" '^Getekend: dpo\.  Kan nog tekenen: deputy\.$'
sed -i 's/^  dpo: /  boss: /' $bundle/officers.yaml
is "other officers" 0 "$schakel" policy sign $bundle --as deputy --key deputy.key
says "who comes is shown, with the key" '^  boss: komt erbij: RW'
says "and who goes" '^  dpo: valt weg$'
is "need two as well" 1 "$schakel" policy activate $bundle
says "and why is told" 'lijst van wie mag tekenen verandert'
is "who leaves signs too" 0 "$schakel" policy sign $bundle --as dpo --key dpo.key
says "and counts" '2 handtekening.*: deputy dpo$'
is "who comes may sign" 0 "$schakel" policy sign $bundle --as boss --key dpo.key
says "but does not count yet" 'let op: deze handtekening telt nog niet.*: boss$'
says "as it says" '2 handtekening.*: deputy dpo$'
sed -i 's/^  boss: /  dpo: /' $bundle/officers.yaml
swapped=${bundle%/*}/swapped
cp -R $bundle $swapped
sed -i 's/^  dpo: /  x: /; s/^  deputy: /  dpo: /; s/^  x: /  deputy: /' $swapped/officers.yaml
is "keys that change hands" 0 "$schakel" policy sign $swapped --as dpo --key dpo.key
[ "$(grep -c '^  d[a-z]*: andere sleutel: RW' out)" = 2 ] && ok "are shown" || bad "are shown"
is "rollback, for programs" 0 "$schakel" policy rollback $version --out json --json
row rollback
is "rollback" 0 "$schakel" policy rollback $version --out back
is "the same words as the first, one number up" 1 diff first.yaml back/policy.yaml
[ "$(diff first.yaml back/policy.yaml | grep -c '^[<>]')" = 2 ] &&
  ok "only the number differs" || bad "only the number differs"
is "rollback to a number in quotes" 0 "$schakel" policy rollback $((version + 1)) --out quoted
grep -q "^\"version\" :  $((version + 2))  # \"zes\" maanden\$" quoted/policy.yaml &&
  ok "puts the new one in its place" || bad "puts the new one in its place"
is "which is a policy" 0 "$schakel" policy check quoted
for name in dpo deputy; do
  is "$name signs it" 0 "$schakel" policy sign back --as $name --key $name.key
done
is "and it is in force, from a day on" 0 \
  "$schakel" policy activate back --from 2199-01-01
says "which it says" 'geldt vanaf 2199-01-01'
is "history" 0 "$schakel" policy history --lang nl
[ "$(grep -c ' dpo' out)" = 3 ] && ok "three versions" || bad "three versions"
! grep -q policy-signatures out && ok "none of them refused" || bad "none of them refused"
says "in the language asked for" 'versie'
says "and what waits" '2199-01-01'
is "a language that is none" 2 "$schakel" policy history --lang fr
# It is not displaced without a word, nor dropped by one.
is "one in its place" 0 "$schakel" policy rollback $((version + 1)) --out urgent
says "has a number of its own" "versie $((version + 3))"
is "signed by one" 0 "$schakel" policy sign urgent --as dpo --key dpo.key
says "hears what waits" "^Versie $((version + 2)) wacht op 2199-01-01"
is "not without a word" 1 "$schakel" policy activate urgent
says "that names it" "policy-waiting.*\\|$((version + 2)) (2199-01-01)"
is "nor put off by one" 1 \
  "$schakel" policy activate urgent --instead-of $((version + 2)) --from 2199-01-02
says "which is said" 'wacht op 2199-01-01, en dit komt later'
is "by its name" 0 "$schakel" policy activate urgent --instead-of $((version + 2))
is "the history" 0 "$schakel" policy history --lang nl
grep -q "^ *$((version + 2)) .* policy-displaced" out &&
  ok "has the one that was displaced" || bad "has the one that was displaced"
# Nor does one use the numbers up.
cp -R urgent far
sed -i "s/^\"version\".*/version: 999999999/" far/policy.yaml
rm far/MANIFEST*
is "the last number of all" 0 "$schakel" policy sign far --as dpo --key dpo.key
says "takes two" '^Deze versie vraagt 2 handtekening'
says "and why" '^Het nummer springt meer dan 1000 vooruit'
is "and does not go by one" 1 "$schakel" policy activate far
# A promise is taken away by two, and which one is said.
cp -R urgent fewer
sed -i "s/^\"version\".*/version: $((version + 4))/" fewer/policy.yaml
sed -i 's/^invariants:.*//' fewer/bundle.yaml
rm fewer/MANIFEST* fewer/invariants.yaml
# Nor is what lies there another than what is signed.
cp urgent/invariants.yaml fewer/
is "promises that the bundle does not name" 1 "$schakel" policy sign fewer --as dpo --key dpo.key
says "are no promises" 'bundle.yaml noemt een ander bestand, of geen'
rm fewer/invariants.yaml
cp fewer/policy.yaml fewer/.other.yaml
sed -i.kept 's/^policy:.*/policy: .other.yaml/' fewer/bundle.yaml
echo '# iets anders' >>fewer/.other.yaml
is "another file than the one that is read" 1 "$schakel" policy sign fewer --as dpo --key dpo.key
says "is not signed" 'fewer/policy.yaml'
mv fewer/bundle.yaml.kept fewer/bundle.yaml
is "a promise less" 0 "$schakel" policy sign fewer --as dpo --key dpo.key
says "takes two" '^Deze versie vraagt 2 handtekening'
says "which is said first" '^MINDER BESCHERMD'
says "with the promise" "^  belofte '.*' valt weg"
is "and by one it does not go" 1 "$schakel" policy activate fewer
says "as is said again" "^  belofte '.*' valt weg"
is "the history" 0 "$schakel" policy history --lang nl
grep -q "^ *$((version + 4)) .* policy-signatures" out &&
  ok "has the one that was refused" || bad "has the one that was refused"
if command -v minisign >/dev/null; then
  "$schakel" policy rollback $version --out again >out 2>err
  "$schakel" policy sign again --as deputy --key deputy.key >out 2>err
  minisign -S -W -s dpo.key -m again/MANIFEST -x again/MANIFEST.dpo.minisig \
    >minisign.log 2>&1
  is "the stock minisign signs too" 0 "$schakel" policy activate again
else
  bad "minisign is there"
fi

# ------------------------------------- a charter that the officers did not see
charter() { # FROM TO WORD...: the next charter, in force
  from=$1; to=$2; shift 2
  "$schakel" charter add --out "$to" "$@" "$from" >out 2>err &&
    "$schakel" charter sign --dir mol "$to" >out 2>err &&
    "$schakel" charter import "$to" >out 2>err
}
sed 's/^limit:$/&\n  - {id: fed-proef, text: t, to: {groups: [company]}, fields: {hours_week: fte}}/' \
  library/guards.yaml >guards.yaml
charter charter charter2 --guards guards.yaml &&
  ok "a charter with a limit more" || bad "a charter with a limit more"
is "a policy under it" 0 "$schakel" policy rollback $((version + 4)) --out seen
is "signed" 0 "$schakel" policy sign seen --as dpo --key dpo.key
is "by one: it is narrower" 0 "$schakel" policy activate seen
sed 's/1999909871/1999900270/' library/kempen/partners.yaml >partners.yaml
charter charter2 charter3 --guards library/guards.yaml --partners partners.yaml &&
  ok "a charter that lets more through, to others" ||
  bad "a charter that lets more through, to others"
is "who sees what then" 0 "$schakel" policy matrix --day 2026-10-01 --json
python3 - <<'P' >err 2>&1 && ok "POLICY.md 2.5: what the officers saw, and no further" || bad "POLICY.md 2.5: what the officers saw, and no further"
import json
cells = json.load(open('out'))['cells']
cut = [(c['to'], c['field'], c['level'], c['most']) for c in cells if c.get('reason') == 'not-approved']
mine = [c for c in cells if c['to'] == 'cvo-kempen']
# Another organisation behind the id gets nothing; the limit that went counts.
assert mine and all(c['level'] is None and c['reason'] == 'not-approved' for c in mine), mine
assert [c for c in cut if c[0] != 'cvo-kempen'] == [('sopraco', 'hours_week', 'fte', 'exact')], cut
assert all(c['level'] == c['most'] for c in cells if 'reason' not in c)
P
is "for people" 0 "$schakel" policy matrix --day 2026-10-01 --to cvo-kempen
says "with the reason" '\[not-approved\]'

# ----------------------------------------------------------- the last number
"$schakel" policy rollback $version --out last >out 2>err
sed -i "s/^version: .*/version: 999999999/" last/policy.yaml
for name in dpo deputy; do
  is "$name signs the last number" 0 "$schakel" policy sign last --as $name --key $name.key
done
is "it is in force" 0 "$schakel" policy activate last
is "POLICY.md 2.3: no other can come" 1 "$schakel" policy rollback $version --out beyond
says "which is said" 'geen hoger versienummer meer: 999999999'
[ ! -e beyond ] && ok "and nothing is written" || bad "and nothing is written"
exit $failed
