#!/bin/sh
# Two nodes under valgrind while a small story runs: no invalid read or write,
# no use of what was never set.  (ASan and valgrind exclude each other, so this
# uses the plain build.)
set -u
build=${1:?}
plain=build/release-gcc
if ! make -s B=$plain SAN=0 CC=gcc all >/dev/null 2>&1; then
  echo "not ok - the plain build compiles"
  exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
here=$(pwd)
cat > "$work/schakeld" <<EOT
#!/bin/sh
# valgrind cannot map the 64 GiB that a store may grow to.
grep -q store_bytes "\$2/node.conf" ||
  echo 'store_bytes: 268435456' >> "\$2/node.conf"
exec valgrind -q --error-exitcode=99 --log-file="$work/vg.%p" \\
  "$here/$plain/schakeld" "\$@" --net "$here/$plain/schakel-net"
EOT
chmod +x "$work/schakeld"
if "$plain/schakel" rehearse --json --programs "$work" \
    tools/dev/bench/story.yaml > "$work/out" 2>&1; then
  echo "ok - the story holds under valgrind"
else
  echo "not ok - the story holds under valgrind"
  tail -20 "$work/out"
fi
logs=0
for log in "$work"/vg.*; do
  [ -e "$log" ] && logs=$((logs + 1))
  # Lines of a finding start with "=="; "--" is valgrind not knowing a system
  # call (mlock2).
  grep -q '^==' "$log" || continue
  echo "not ok - valgrind finds nothing in $(basename "$log")"
  head -40 "$log"
done
if [ $logs -ge 2 ]; then echo "ok - $logs processes ran under valgrind"
else echo "not ok - only $logs processes ran under valgrind"; fi
