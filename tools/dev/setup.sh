#!/bin/sh
# Install what is missing to build and test Schakel on Debian 12 or 13.
#
#   tools/dev/setup.sh            what `make demo` needs
#   tools/dev/setup.sh test       and what `make test` and lint need
#   tools/dev/setup.sh bench      and what `make bench` compares with
#
# A|B is the first of these that is installed or that apt knows: Debian 13
# calls some packages differently.
set -eu

build="gcc make pkgconf libc6-dev libsodium-dev nettle-dev libzmq3-dev
  libczmq-dev liblmdb-dev libmsgpack-c-dev|libmsgpack-dev libyaml-dev libjansson-dev
  libseccomp-dev"
test="libcriterion-dev clang clang-format clang-tidy
  libclang-rt-dev|libclang-rt-19-dev|libclang-rt-14-dev llvm minisign age
  valgrind lmdb-utils python3 python3-yaml python3-jsonschema python3-pyld
  python3-icalendar"
bench="nats-server libnats-dev rabbitmq-server librabbitmq-dev openssl nodejs"

want=$build
case "${1:-demo}" in
demo) why="to build and run the demo" ;;
test) want="$want $test" why="to build and run the tests" ;;
bench) want="$want $bench" why="to build and run the benchmarks" ;;
*) echo "usage: $0 [demo|test|bench]" >&2; exit 2 ;;
esac

installed() {
  case "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" in
  ii*) ;;
  *) return 1 ;;
  esac
}

# any A|B: one of them is installed.
any() {
  for name in $(echo "$1" | tr '|' ' '); do
    installed "$name" && return
  done
  return 1
}

# choose A|B: the first that apt knows, else the last.
choose() {
  for name in $(echo "$1" | tr '|' ' '); do
    apt-cache show "$name" >/dev/null 2>&1 && break
  done
  echo "$name"
}

# npm comes with nodejs from some sources, and not with Debian's.
if [ "${1:-demo}" = bench ] && ! command -v npm >/dev/null 2>&1; then
  want="$want npm"
fi

missing=
for package in $want; do
  any "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "Schakel needs these Debian packages $why:"
echo " $missing" | sed 's/|[^ ]*//g' | fold -s -w 76
if [ "$(id -u)" = 0 ]; then
  sudo=
elif command -v sudo >/dev/null 2>&1; then
  sudo=sudo
  echo "They are installed with: sudo apt-get install (sudo may ask for your password)"
else
  echo "You are not root and there is no sudo.  Ask an administrator to run:" >&2
  for package in $missing; do names="${names:-} $(choose "$package")"; done
  echo "  apt-get install --no-install-recommends$names" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"; let_start' EXIT
trap 'exit 1' INT TERM
run() {
  if ! $sudo env DEBIAN_FRONTEND=noninteractive "$@" >"$log" 2>&1; then
    tail -20 "$log" >&2
    echo "setup: '$*' failed; see the lines above." >&2
    exit 1
  fi
}
# Servers start when they are installed, and with the machine.  Those that the
# benchmarks compare with must not: only their programs are wanted.
policy=
stay_off() {
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
    $sudo chmod 755 "$policy"
  fi
}
let_start() { [ -z "$policy" ] || $sudo rm -f "$policy"; }

run apt-get update
names=
for package in $missing; do
  names="$names $(choose "$package")"
done
[ "${1:-demo}" != bench ] || stay_off
# shellcheck disable=SC2086
run apt-get install -y --no-install-recommends $names
for server in nats-server rabbitmq-server; do
  case " $names " in *" $server "*) ;; *) continue ;; esac
  $sudo systemctl disable --quiet "$server" 2>/dev/null || true
done
echo "Installed."
