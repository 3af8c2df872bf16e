#!/bin/sh
# schakel init, key, card and charter on folders: what they make, what they
# refuse, and how they say it.
set -u
build=${1:?}
case $build in /*) ;; *) build=$PWD/$build ;; esac
schakel=$build/schakel
library=$PWD/policies/library
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
unset SCHAKEL_DIR LC_ALL LC_MESSAGES
export LANG=C
failed=0
ok() { echo "ok - $1"; }
bad() { echo "not ok - $1"; failed=1; sed 's/^/  | /' out err 2>/dev/null; }
# is NAME CODE COMMAND...: the exit code is as expected.
is() {
  name=$1; want=$2; shift 2
  "$@" >out 2>err </dev/null
  got=$?
  [ $got = "$want" ] && ok "$name" || { bad "$name"; echo "  | exit $got, not $want"; }
}
says() { grep -q -e "$2" out err && ok "$1" || bad "$1"; }

# ------------------------------------------------------------------ init
is "init makes a node" 0 "$schakel" init --dir mol --org ocmw-mol \
  --endpoint tcp://127.0.0.1:7411 --listen tcp://0.0.0.0:7411 --key-file key
says "init tells what comes next" 'schakeld --dir mol'
[ "$(stat -c %a mol)" = 700 ] && [ "$(stat -c %a mol/node.key)" = 600 ] &&
  [ "$(stat -c %a mol/identity.key)" = 600 ] && [ "$(stat -c %a key)" = 600 ] &&
  [ "$(stat -c %s key)" = 32 ] &&
  ok "folder and keys are private" || bad "folder and keys are private"
[ -z "$(ls -A mol | grep -v -x -e node.conf -e node.key -e identity.key -e own.card)" ] &&
  ok "init leaves nothing else" || bad "init leaves nothing else"
cp -R mol before
is "init twice is refused" 73 "$schakel" init --dir mol --org ocmw-mol --key-file key
diff -r mol before >/dev/null && ok "and changes nothing" || bad "and changes nothing"
is "a missing option" 2 "$schakel" init --dir other --key-file key
is "a wrong org" 2 "$schakel" init --dir other --org OCMW --key-file key
is "a wrong address" 2 "$schakel" init --dir other --org x --endpoint nowhere --key-file key
is "two ways to unlock" 2 "$schakel" init --dir two --org x --key-file key --credential c
is "no terminal to ask on" 2 setsid "$schakel" init --dir tty --org x
# On a terminal, of which script(1) is one.
typed() { # COMMAND LINE...: each line is typed after a second
  command=$1; shift
  (for line in "$@"; do sleep 1; echo "$line"; done; sleep 1) |
    script -qec "$command" /dev/null >out 2>&1
}
is "a passphrase typed twice" 0 typed "$schakel init --dir typed --org x" \
  'vijf losse woorden' 'vijf losse woorden'
grep -q 'vijf losse' out && bad "is not shown" || ok "is not shown"
is "opens the node" 0 typed "$schakel key show --dir typed" 'vijf losse woorden'
is "typed wrong" 1 typed "$schakel key show --dir typed" 'vijf losse worden'
is "typed twice differently" 2 typed "$schakel init --dir typo --org x" \
  'vijf losse woorden' 'zes losse woorden'
printf 'short\n' > pass; chmod 600 pass
is "a passphrase too short" 2 "$schakel" init --dir short --org x --passphrase-file pass
printf 'een lange wachtzin\n' > pass; chmod 644 pass
is "a passphrase that others can read" 77 "$schakel" init --dir open --org x --passphrase-file pass
chmod 600 pass
is "a node with a passphrase" 0 "$schakel" init --dir cvo --org cvo-kempen --passphrase-file pass
mkdir creds; head -c 32 /dev/urandom > creds/node
is "a node with a credential" 0 env CREDENTIALS_DIRECTORY="$work/creds" \
  "$schakel" init --dir sop --org sopraco --credential node
is "and without it" 2 "$schakel" key show --dir sop
is "and with it" 0 env CREDENTIALS_DIRECTORY="$work/creds" "$schakel" key show --dir sop
is "errors as JSON" 2 "$schakel" init --org x --json --endpoint nowhere
says "with a code and the next step" '"next":'
LANG=nl_BE.UTF-8 "$schakel" init --dir other --key-file key >out 2>err </dev/null
says "and in Dutch" 'een optie ontbreekt'

# ------------------------------------------------------------------- key
is "the passphrase opens the node" 0 "$schakel" key show --dir cvo
cp out shown
printf 'een andere wachtzin\n' > wrong; chmod 600 wrong
is "another does not" 1 "$schakel" key show --dir cvo --passphrase-file wrong
says "and it says so" 'wrong passphrase'
is "change what unlocks it" 0 "$schakel" key change --dir cvo --new-key-file key2
is "the old one is out" 1 "$schakel" key show --dir cvo --passphrase-file pass
is "the new one is in node.conf" 0 "$schakel" key show --dir cvo
cmp -s out shown && ok "the identity is the same" || bad "the identity is the same"
# As if the machine had stopped between node.key and node.conf.
cp cvo/node.conf half.conf
printf 'een derde wachtzin\n' > third; chmod 600 third
is "change it again" 0 "$schakel" key change --dir cvo --new-passphrase-file third
cp half.conf cvo/node.conf
is "half a change opens with nothing that node.conf says" 1 "$schakel" key show --dir cvo
says "and it says what to do" 'stopped half-way, do it again'
is "another one than that" 1 "$schakel" key change --dir cvo --new-key-file key3
is "the same once more" 0 "$schakel" key change --dir cvo --new-passphrase-file third
is "and it opens" 0 "$schakel" key show --dir cvo
cp cvo/node.conf half.conf; cp cvo/identity.key half.key
is "a new master key, and something new to unlock" 0 \
  "$schakel" key rotate --dir cvo --new-key-file key4
is "not twice before the node started" 1 "$schakel" key rotate --dir cvo --new-key-file key4
says "and it says so" 'new master key already'
cp half.conf cvo/node.conf; cp half.key cvo/identity.key
is "half of it, the same once more" 0 "$schakel" key rotate --dir cvo --new-key-file key4
is "and it opens" 0 "$schakel" key show --dir cvo
cp half.key cvo/identity.key
is "the identity behind, and yet another key" 0 "$schakel" key rotate --dir cvo --new-key-file key5
is "it opens with that" 0 "$schakel" key show --dir cvo
cmp -s half.key cvo/identity.key && bad "the identity moved" || ok "the identity moved"
cmp -s out shown && ok "and is the same" || bad "and is the same"
# An identity in a safe, and a node that started before what was stopped was done
# again: as if the machine had stopped when node.key was written.
is "a node whose identity goes to a safe" 0 "$schakel" init --dir kluis --org kluis --key-file key
"$schakel" key show --dir kluis >shown2
mkdir held; mv kluis/identity.key held/id; cp held/id old.key
is "a new master key" 0 "$schakel" key rotate --dir kluis --identity held/id
[ -e held/id.new ] && bad "nothing is left beside it" || ok "nothing is left beside it"
mv held/id held/id.new; cp old.key held/id
is "both open it" 0 "$schakel" key show --dir kluis --identity held/id
"$build/schakeld" --dir kluis >ready 2>&1 & pid=$!
for _ in $(seq 100); do grep -q '^READY' ready && break; sleep 0.1; done
kill $pid; wait $pid 2>/dev/null
is "the one before opens with nothing now" 2 "$schakel" key show --dir kluis --identity old.key
is "the one beside it does" 0 "$schakel" key show --dir kluis --identity held/id
cmp -s out shown2 && ok "and is the same identity" || bad "and is the same identity"
is "another master key" 0 "$schakel" key rotate --dir kluis --identity held/id
is "it is one file again" 0 test ! -e held/id.new
is "which opens" 0 "$schakel" key show --dir kluis --identity held/id
cp cvo/node.key damaged; cp damaged safe
printf 'XXXXXXXX' | dd of=cvo/node.key bs=1 seek=200 conv=notrunc 2>/dev/null
is "a damaged node.key" 2 "$schakel" key show --dir cvo
cp safe cvo/node.key

# ------------------------------------------------------------------ card
is "the own card" 0 "$schakel" card show --dir mol
says "shows its address" 'tcp://127.0.0.1:7411'
is "renew" 0 "$schakel" card renew --dir mol --endpoint tcp://node.example.org:1 --json
says "makes version 2" '"version": 2'
says "with the new address" 'tcp://node.example.org:1'
[ "$(grep -c until_s out)" = 2 ] && ok "and keeps the old sealing key for a while" ||
  bad "and keeps the old sealing key for a while"
cp mol/own.card card2
is "renew all keys" 0 "$schakel" card renew --dir mol --all-keys
# As if the machine had stopped between node.key and own.card.
cp card2 mol/own.card
is "renew after half a renewal" 0 "$schakel" card renew --dir mol --keep-keys --json
[ "$(grep -c until_s out)" = 2 ] && ok "announces what is in node.key" ||
  bad "announces what is in node.key"
mv mol/identity.key vault
is "renew without the identity" 2 "$schakel" card renew --dir mol
is "renew with the identity from the safe" 0 "$schakel" card renew --dir mol --identity vault
is "not with that of another" 2 "$schakel" card renew --dir mol --identity cvo/identity.key
mv vault mol/identity.key
head -c 100 mol/own.card > cut.card
is "half a card" 1 "$schakel" card show cut.card

# --------------------------------------------------------------- charter
new() {
  "$schakel" charter new --out "$1" --id kempen --threshold "$2" \
    --vocabulary "$library/vocabulary.yaml" --guards "$library/guards.yaml" \
    --partners "$3" --steward ocmw-mol --steward cvo-kempen \
    --card mol/own.card --card cvo/own.card
}
is "a new charter" 0 new charter 2 "$library/kempen/partners.yaml"
is "is not valid yet" 1 "$schakel" charter show charter
is "the first steward signs" 0 "$schakel" charter sign --dir mol charter
is "one of two is not enough" 1 "$schakel" charter show charter
is "the second steward signs" 0 "$schakel" charter sign --dir cvo charter
is "now it is valid" 0 "$schakel" charter show charter
says "and says so" '2 of 2: valid'
LANG=nl_BE.UTF-8 "$schakel" charter show charter >out 2>err
says "and in Dutch" '2 van 2: geldig'
is "a stranger cannot sign" 1 env CREDENTIALS_DIRECTORY="$work/creds" \
  "$schakel" charter sign --dir sop charter
is "nothing is overwritten" 73 new charter 2 "$library/kempen/partners.yaml"
is "a threshold too high" 2 new high 3 "$library/kempen/partners.yaml"
sed 's/role: ocmw/role: bakker/' "$library/kempen/partners.yaml" > broken.yaml
is "a roster that does not load" 1 new broken 2 broken.yaml
says "with its place" 'partners.yaml:[0-9]*:[0-9]*: error E086'
sed 's/ocmw-mol/ocmw-geel/' "$library/kempen/partners.yaml" > without.yaml
is "a key of who is not in the roster" 1 new without 2 without.yaml

for file in guards.yaml charter.yaml MANIFEST MANIFEST.ocmw-mol.minisig cards/ocmw-mol.card; do
  rm -rf bent; cp -R charter bent
  # One bit of the middle of the file; of a signature, of the second line.
  at=$(($(stat -c %s "bent/$file") / 2))
  byte=$(od -An -tu1 -j $at -N1 "bent/$file" | tr -d ' ')
  printf "\\$(printf %o $((byte ^ 1)))" |
    dd of="bent/$file" bs=1 seek=$at conv=notrunc 2>/dev/null
  is "a flipped bit in $file" 1 "$schakel" charter show bent
done
rm -rf bent; cp -R charter bent; touch bent/notes.txt
is "a file that does not belong there" 1 "$schakel" charter show bent
rm -rf bent; cp -R charter bent; rm bent/guards.yaml
is "a file that is missing" 1 "$schakel" charter show bent

is "the next version" 0 "$schakel" charter add charter --out charter2 --card sop/own.card
says "has a third partner" 'sopraco'
is "signed by one steward before" 0 "$schakel" charter sign --dir mol charter2
is "does not follow yet" 1 "$schakel" charter show charter2 --previous charter
is "signed by the other" 0 "$schakel" charter sign --dir cvo charter2
is "follows" 0 "$schakel" charter show charter2 --previous charter
is "not backwards" 1 "$schakel" charter show charter --previous charter2
cp sop/own.card old.card
is "a third version" 0 "$schakel" charter add charter2 --out charter3 --threshold 1 --remove sopraco
"$schakel" charter sign --dir mol charter3 >/dev/null
"$schakel" charter sign --dir cvo charter3 >/dev/null
is "needs the one in between" 1 "$schakel" charter show charter3 --previous charter
says "and says so" 'version in between'
rm -rf fake; "$schakel" init --dir fake --org ocmw-mol --key-file key >/dev/null
is "another key for the same partner is refused" 1 \
  "$schakel" charter add charter --out charter4 --card fake/own.card

# ------------------------------------------------------------------ frame
is "no command" 2 "$schakel"
is "help" 0 "$schakel" --help
says "names every command" 'charter sign'
is "help in Dutch" 0 env LANG=nl_BE.UTF-8 "$schakel" charter sign --help
says "is Dutch" 'Gebruik: schakel charter sign'
is "a typing mistake" 2 "$schakel" chater
says "gets a hint" "did you mean 'charter'"
is "half a command" 2 "$schakel" charter
is "an unknown option" 2 "$schakel" charter show --colour
is "no node there" 69 "$schakel" status --dir mol
is "output on a full disk" 74 sh -c '"$0" --help > /dev/full' "$schakel"
says "says that it is not whole" 'a full disk?'
for shell in bash zsh fish; do
  is "completion for $shell" 0 "$schakel" completion $shell
done
"$schakel" completion bash > bash.sh
is "completion is bash" 0 bash -n bash.sh
cat > complete.sh <<'END'
. ./bash.sh
try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _schakel; echo "${COMPREPLY[@]}"; }
[ "$(try schakel chart)" = charter ] && [ "$(try schakel charter si)" = sign ] &&
  [ "$(try schakel charter new --thr)" = --threshold ] &&
  [ "$(try schakel init --endp)" = --endpoint ] &&
  [ "$(try schakel handover acc)" = accept ] &&
  [ "$(try schakel participant add --giv)" = --given-name ]
END
is "and completes words and options" 0 bash complete.sh
exit $failed
