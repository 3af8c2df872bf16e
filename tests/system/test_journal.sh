#!/bin/sh
# The journals of real nodes: checked, proved, shown; a byte that somebody
# changed on the disk is found by the node and by its partners, with evidence
# that anybody can check; a restore is a restore.         docs/PROTOCOL.md 11
#   sh tests/system/test_journal.sh BUILD_DIR
. tests/system/check.inc
export LANG=C
schakel() { "$build/schakel" "$@" >"$work/out" 2>&1; }
says() { grep -qF -- "$1" "$work/out"; }
eventually() { # COMMAND...: within two minutes
  for _ in $(seq 600); do
    "$@" && return 0
    sleep 0.2
  done
  return 1
}
stopped() { ! kill -0 "$1" 2>/dev/null; }

${CC:-cc} -o "$work/tamper" tests/system/tamper.c -llmdb
check "the helper is built" $?

TMPDIR=$work schakel rehearse --keep tests/scenarios/X1.yaml
check "the story runs and its nodes stay" $?
pids=$(sed -n 's/.*# pid \([0-9]*\)$/\1/p' "$work/out")
pid_cvo=$(sed -n 's/.*\/cvo-kempen .*# pid \([0-9]*\)$/\1/p' "$work/out")
root=$(sed -n 's/.*--dir \(.*\)\/sopraco .*/\1/p' "$work/out")
cvo=$root/cvo-kempen
sopraco=$root/sopraco
vdab=$root/vdab-kempen
clock=2027-03-01T10:00:00Z
start() { # DIR
  : >"$work/start.out"
  "$build/schakeld" --dir "$1" --manual-clock "$clock" \
    >"$work/start.out" 2>>"$work/start.log" &
  pid_cvo=$!
  pids="$pids $pid_cvo"
  eventually grep -q '^READY' "$work/start.out"
}
stop() {
  kill "$pid_cvo" && eventually stopped "$pid_cvo"
}

# ------------------------------------------------------------ all is well
schakel journal verify --dir "$sopraco" && says 'The journal is good'
check "verify: the journal is good" $?
LANG=nl_BE.UTF-8 schakel journal verify --dir "$cvo" &&
  says 'Het logboek klopt'
check "verify, in Dutch" $?
schakel journal show --dir "$sopraco" && says 'receipt-taken' &&
  says 'schakel/rehearsal/sopraco#'
check "show: the last entries, and the checkpoint" $?
schakel journal show --dir "$sopraco" --from 1000000
[ $? = 2 ] && says 'the journal is not that long: 1000000'
check "nothing is shown of what is not there" $?
schakel journal export --dir "$sopraco"
lines=$(wc -l <"$work/out")
[ "$lines" -gt 10 ] && tail -n 1 "$work/out" | grep -q '"checkpoint":"schakel/' &&
  [ "$(grep -c '"kind":"' "$work/out")" = $((lines - 1)) ]
check "export: a line per entry, and the signature" $?
# I9: nothing of the story's people in it.
! grep -qi 'samira\|workplace\|guidance' "$work/out"
check "export: no values, no names" $?
# The tree, computed by another program from what was exported.
python3 - "$work/out" <<'END' >"$work/py.log" 2>&1
import base64, hashlib, json, sys
lines = [json.loads(l) for l in open(sys.argv[1])]
def root(d):
    if len(d) == 1:
        return hashlib.sha256(b"\0" + d[0]).digest()
    k = 1
    while k * 2 < len(d):
        k *= 2
    return hashlib.sha256(b"\1" + root(d[:k]) + root(d[k:])).digest()
note = lines[-1]["checkpoint"].split("\n")
leaves = [bytes.fromhex(l["leaf"]) for l in lines[:-1]]
assert int(note[1]) == len(leaves)
assert base64.b64decode(note[2]) == root(leaves)
# The key hash of signed notes.
name, digest, key = lines[-1]["vkey"].split("+", 2)
raw = base64.b64decode(key)
want = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
assert bytes.fromhex(digest) == want and name == note[0]
assert base64.b64decode(note[-2].split(" ")[2])[:4] == want
END
check "another program computes the same root and key hash" $?
schakel journal prove 3 --dir "$sopraco" && says 'Proved'
check "prove: an entry is in it" $?
schakel journal prove --since 5 --dir "$sopraco" && says 'Proved'
check "prove: it only grew" $?
schakel journal prove 100000 --dir "$sopraco"
[ $? = 2 ] && schakel journal prove --dir "$sopraco"
[ $? = 2 ]
check "prove: no such entry; and nothing asked" $?
schakel journal findings --dir "$vdab" && says 'Nothing is wrong'
check "findings: none" $?

# ------------------------------------------------------------ a restore
echo 'paard batterij nietje' >"$work/pass"
schakel backup "$work/a.age" --dir "$cvo" --passphrase-file "$work/pass"
check "a backup" $?

# ------------------------------------------------------------ tampering
stop && "$work/tamper" "$cvo/data.mdb" && start "$cvo"
check "a byte of an old entry is changed on the disk" $?
schakel journal verify --dir "$cvo"
[ $? = 1 ] && says 'NOT good'
check "verify finds it" $?
found() { schakel journal findings --dir "$vdab" && says 'fork'; }
eventually found
check "a partner finds it" $?
schakel status --dir "$vdab" && says 'TAKE CARE' && says 'journal'
check "status says so at the partner" $?
grep -q 'journal is not what it was.*cvo-kempen' "$root/vdab-kempen.log"
check "and its log" $?
LANG=nl_BE.UTF-8 schakel journal findings --dir "$vdab" &&
  says 'twee logboeken die elkaar tegenspreken'
check "findings, in Dutch" $?
doubted() { schakel journal findings --dir "$cvo" && says 'doubted'; }
eventually doubted && schakel status --dir "$cvo" && says 'TAKE CARE'
check "the node itself is told by its partner" $?
schakel journal evidence cvo-kempen fork "$work/evidence" --dir "$vdab"
check "the evidence is a file" $?
schakel journal check-evidence "$work/evidence" --charter "$root/charter-0" &&
  says 'signed two journals' && says 'is the key of the charter'
check "which anybody checks without a node" $?
cp "$work/evidence" "$work/other"
size=$(wc -c <"$work/other")
printf 'x' | dd of="$work/other" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
schakel journal check-evidence "$work/other"
[ $? = 1 ] && says 'proves nothing'
check "and which proves nothing with another byte in it" $?
schakel journal settle cvo-kempen fork --dir "$vdab" &&
  schakel journal findings --dir "$vdab" && says 'Dealt with.'
check "settled" $?

# ------------------------------------------------------------ restored
stop && schakel restore "$work/a.age" --dir "$work/new" \
  --passphrase-file "$work/pass" && start "$work/new"
check "the backup is put back and starts" $?
restored() { schakel journal findings --dir "$vdab" && says 'restored since'; }
eventually restored && says 'was put back from a backup'
check "the partner sees a restore, and calls it one" $?
schakel journal verify --dir "$work/new" && says 'The journal is good'
check "and the journal is good again" $?
schakel journal show --dir "$work/new" --from 0 --limit 100 &&
  says ' restored ' && says 'after '
check "it says where it goes on" $?
exit $failed
