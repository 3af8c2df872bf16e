#!/bin/sh
# What `policy export` says of every bundle of the library, read by the JSON-LD
# library of npm in safe mode; and a broken one, which must be refused.
#   tools/dev/jsonld.sh BUILD_DIR
set -u
build=${1:?}
library=$build/jsonld
mkdir -p "$library"
library=$(cd "$library" && pwd)
cp tools/dev/jsonld/package.json tools/dev/jsonld/package-lock.json "$library"
if ! cmp -s "$library/package-lock.json" "$library/installed"; then
  npm ci --prefix "$library" --ignore-scripts --no-audit --no-fund \
    >"$library/npm.log" 2>&1 || {
    tail -5 "$library/npm.log"
    echo "npm could not fetch jsonld: with a network, run again" >&2
    exit 1
  }
  cp "$library/package-lock.json" "$library/installed"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for bundle in $(find policies/library -name bundle.yaml | sort); do
  name=$(dirname "${bundle#policies/library/}" | tr / -)
  for format in odrl dpv; do
    "$build/schakel" policy export "$(dirname "$bundle")" --format $format \
      >"$work/$name.$format.json" || exit 1
  done
done
node tools/dev/jsonld/check.mjs "$library" "$work"/*.json || exit 1

echo '{"@context": {}, "@id": "urn:x", "said": "nowhere"}' >"$work/broken.json"
if node tools/dev/jsonld/check.mjs "$library" "$work/broken.json" \
    >/dev/null; then
  echo "not ok - a term that no context knows is found"
  exit 1
fi
echo "ok - a term that no context knows is found"
