#!/bin/sh
# A node whose folder is not on a disk of this machine: refused by name, before
# anything is written.
#   sh tests/system/test_elsewhere.sh BUILD_DIR
# The folder is shown through FUSE by a small program; mounting it needs root.
# Other kinds (NFS, SMB, ...): tests/node/test_files.c.
set -u
build=$(cd "${1:?}" && pwd)
work=$(mktemp -d)
failed=0
server=
finish() {
  if mountpoint -q "$work/far"; then umount -l "$work/far"; fi
  [ -z "$server" ] || wait "$server"
  rm -rf "$work"
}
trap finish EXIT INT TERM
check() { # NAME STATUS
  if [ "$2" = 0 ]; then echo "ok - $1"; return; fi
  echo "not ok - $1"; failed=1
  tail -n 5 "$work"/*.log "$work/out" 2>/dev/null
}
# Bytes and names of all that is in the folder.
content() { (cd "$work/near" && find . -type f | sort | xargs sha256sum); }

${CC:-cc} -std=c17 -D_GNU_SOURCE -o "$work/elsewhere" tests/system/elsewhere.c
check "the helper is built" $?
"$build/schakel" init --dir "$work/near" --org alfa \
  --key-file "$work/alfa.key" >"$work/out" 2>&1
check "a node is made" $?
mkdir "$work/far"
"$work/elsewhere" "$work/near" "$work/far" >"$work/mount.log" 2>&1 &
server=$!
for _ in $(seq 200); do
  grep -q mounted "$work/mount.log" && break
  kill -0 "$server" 2>/dev/null || break
  sleep 0.05
done
if ! grep -q mounted "$work/mount.log"; then
  echo "ok - skipped: cannot mount through FUSE (6 checks not made)"
  wait "$server"
  server=
  exit $failed
fi
cmp -s "$work/near/node.key" "$work/far/node.key"
check "its folder is seen elsewhere" $?
content >"$work/before"
LANG=C timeout 60 "$build/schakeld" --dir "$work/far" >"$work/ready" 2>"$work/node.log"
[ $? = 73 ]
check "it does not start from there: exit status 73" $?
grep -q 'network file system (FUSE).*local disk' "$work/node.log"
check "and says why, and what to do" $?
! grep -q READY "$work/ready"
check "it never said that it is ready" $?
LANG=C timeout 60 "$build/schakeld" --dir "$work/far" --load </dev/null >"$work/out" 2>&1
[ $? = 73 ]
check "nor is a backup put back there" $?
content | cmp -s "$work/before" -
check "nothing was written" $?
exit $failed
