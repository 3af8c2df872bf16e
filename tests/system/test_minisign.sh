#!/bin/sh
# Signatures between schakel and the stock minisign, in both directions.
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
bad() { echo "not ok - $1"; failed=1; sed 's/^/  | /' "$work/out" 2>/dev/null; }
yes() { name=$1; shift; "$@" >"$work/out" 2>&1 </dev/null && ok "$name" || bad "$name"; }
no() { name=$1; shift; "$@" >"$work/out" 2>&1 </dev/null && bad "$name" || ok "$name"; }
command -v minisign >/dev/null ||
  { echo "not ok - minisign is installed (apt-get install minisign)"; exit 1; }

# One steward has a node with a key of its own, the other brings the key that
# it made with minisign.
yes "a node with a key of its own" "$schakel" init --dir mol --org ocmw-mol --key-file key
yes "a key made by minisign" minisign -G -W -p cvo.pub -s cvo.key
yes "a node with that key" "$schakel" init --dir cvo --org cvo-kempen --key-file key --identity cvo.key
cvo=$(sed -n 2p cvo.pub)
"$schakel" key show --dir mol > mol.pub
mol=$(sed -n 2p mol.pub)
yes "a charter that names it" "$schakel" charter new --out charter --id kempen \
  --threshold 2 --vocabulary "$library/vocabulary.yaml" \
  --guards "$library/guards.yaml" --partners "$library/kempen/partners.yaml" \
  --steward ocmw-mol --steward cvo-kempen --card mol/own.card \
  --card cvo/own.card --identity "cvo-kempen=$cvo"
grep -q "^  cvo-kempen: $cvo$" charter/charter.yaml &&
  ok "charter.yaml has the keys that minisign -P takes" ||
  bad "charter.yaml has the keys that minisign -P takes"

# ------------------------------------------------ ours, verified by minisign
yes "we sign" "$schakel" charter sign --dir mol charter
cd charter || exit 1
yes "minisign verifies it by the key text" \
  minisign -Vm MANIFEST -x MANIFEST.ocmw-mol.minisig -P "$mol"
grep -q 'Trusted comment: charter kempen version 1 ocmw-mol' "$work/out" &&
  ok "and shows what was signed" || bad "and shows what was signed"
yes "and by the key file" \
  minisign -Vm MANIFEST -x MANIFEST.ocmw-mol.minisig -p ../mol.pub
yes "and it is prehashed" \
  minisign -V -H -m MANIFEST -x MANIFEST.ocmw-mol.minisig -P "$mol"
no "not by another key" \
  minisign -Vm MANIFEST -x MANIFEST.ocmw-mol.minisig -P "$cvo"
no "not under another text" \
  minisign -Vm charter.yaml -x MANIFEST.ocmw-mol.minisig -P "$mol"
cd ..

# ------------------------------------------------ minisign's, verified by us
sign() { # sign as cvo-kempen with the options of minisign
  minisign -S "$@" -W -s cvo.key -m charter/MANIFEST \
    -x charter/MANIFEST.cvo-kempen.minisig -t 'nagekeken door de DPO'
}
yes "minisign signs" sign
yes "we verify it" "$schakel" charter show charter
grep -q '2 of 2: valid' out && ok "and it counts" || bad "and it counts"
rm charter/MANIFEST.cvo-kempen.minisig
yes "minisign signs in the legacy format" sign -l
yes "we verify that too" "$schakel" charter show charter
sed 's/^trusted comment: nagekeken/trusted comment: gezien/' \
  charter/MANIFEST.cvo-kempen.minisig > bent
cp -R charter charter-bent; cp bent charter-bent/MANIFEST.cvo-kempen.minisig
no "a changed trusted comment is refused" "$schakel" charter show charter-bent
grep -q 'a signature does not verify' out && ok "for that reason" || bad "for that reason"
minisign -G -W -f -p other.pub -s other.key >/dev/null
minisign -S -W -s other.key -m charter/MANIFEST \
  -x charter-bent/MANIFEST.cvo-kempen.minisig >/dev/null
no "a signature by another key is refused" "$schakel" charter show charter-bent
grep -q 'a signature does not verify' out && ok "for that reason too" || bad "for that reason too"
yes "our signature by minisign's key" "$schakel" charter sign --dir cvo charter
yes "minisign verifies it" \
  minisign -Vm charter/MANIFEST -x charter/MANIFEST.cvo-kempen.minisig -P "$cvo"

# ------------------------------------------------ our key, used by minisign
yes "our key leaves as minisign's" "$schakel" key export --dir mol mol.key
[ "$(stat -c %a mol.key)" = 600 ] && ok "and only we can read it" || bad "and only we can read it"
no "and overwrites nothing" "$schakel" key export --dir mol mol.key
rm charter/MANIFEST.ocmw-mol.minisig
yes "minisign signs with it" minisign -S -W -s mol.key -m charter/MANIFEST \
  -x charter/MANIFEST.ocmw-mol.minisig
yes "and the charter is valid" "$schakel" charter show charter
yes "minisign finds the public key in it" minisign -R -W -s mol.key -p again.pub
[ "$(sed -n 2p again.pub)" = "$mol" ] && ok "which is the same" || bad "which is the same"
sed 's/RWQAAEIy/RWRTY0Iy/' mol.key > locked.key
no "a key with a password is not taken in" \
  "$schakel" init --dir locked --org x --key-file key --identity locked.key
grep -q 'minisign -C -W' out && ok "and it says what to do" || bad "and it says what to do"
exit $failed
