#!/bin/sh
# How long the analysis of a large bundle takes: 256 partners, 64 purposes, 25
# event types, 2000 rules (200 of them nevers and limits), 20 invariants.
#   tools/dev/bench_policy.sh BUILD_DIR      RULES=2000
# Two shapes: rules that name partners, and rules that name groups.
set -eu
build=${1:?}
rules=${RULES:-2000}
work=$(mktemp -d)
trap "rm -rf $work" EXIT

# shared DIR: vocabulary, guards, roster, invariants and bundle.yaml.
shared() {
  awk -v dir="$1" '
  function say(file, line) { print line > (dir "/" file) }
  BEGIN {
    v = "vocabulary.yaml"
    say(v, "format: vocabulary/1\nvocabulary: bench\nversion: 1")
    say(v, "keep_max: 36 months\npurposes:")
    for (i = 0; i < 64; i++)
      say(v, "  p" i ": {nl: Doel " i ", en: Purpose " i ", consent_days: 365}")
    say(v, "categories:")
    for (i = 0; i < 60; i++)
      say(v, "  c" i ": {nl: Soort " i ", en: Kind " i "}")
    say(v, "roles:\n  office: {nl: Dienst, en: Office, secrecy: professional}")
    say(v, "  company: {nl: Bedrijf, en: Company}")
    say(v, "codelists:\n  list:\n    values:")
    for (i = 0; i < 6; i++)
      say(v, "      v" i ": {nl: Waarde " i ", en: Value " i "}")
    say(v, "    groupings:\n      - level: half\n        nl: helft\n" \
      "        en: half\n        groups:\n" \
      "          low: {nl: Laag, en: Low, of: [v0, v1, v2]}\n" \
      "          high: {nl: Hoog, en: High, of: [v3, v4, v5]}")
    say(v, "fields:")
    say(v, "  occurred: {nl: Datum, en: Date, kind: date, category: inherit}")
    for (i = 0; i < 120; i++) {
      kind = i % 3 == 0 ? "kind: enum, codelist: list" : \
        i % 3 == 1 ? "kind: birthdate" : "kind: text, max: 80"
      say(v, "  f" i ": {nl: Veld " i ", en: Field " i ", " kind \
        ", category: c" (i % 60) "}")
    }
    say(v, "events:")
    for (i = 0; i < 25; i++) {
      list = ""
      for (k = 0; k < 12; k++) list = list (k ? ", " : "") "f" (i * 4 + k) % 120
      say(v, "  e" i ": {nl: Feit " i ", en: Event " i ", category: c" i \
        ", optional: [" list "]}")
    }
    say("guards.yaml", "format: guards/1\nguards: bench\nversion: 1\n" \
      "vocabulary: bench/1\nnever:\n  - {id: fed-n, text: N., to: " \
      "{groups: [company]}, fields: [f119]}")
    r = "partners.yaml"
    say(r, "format: partners/1\npartners: bench\nversion: 1\n" \
      "vocabulary: bench/1\ngroups:")
    for (i = 0; i < 16; i++) say(r, "  g" i ": {nl: Groep " i ", en: Group " i "}")
    say(r, "orgs:\n  owner: {name: Owner, role: office, duties: [retain]}")
    for (i = 0; i < 255; i++)
      say(r, "  o" i ": {name: Partner " i ", role: " \
        (i % 2 ? "company" : "office") ", groups: [g" i % 16 ", g" \
        int(i / 16) "], duties: [retain, erase-on-withdrawal, " \
        "confirm-erasure, no-onward, log-access]}")
    n = "invariants.yaml"
    say(n, "format: invariants/1\ninvariants: owner\nrules:")
    for (i = 0; i < 4; i++) {
      say(n, "  - {id: a" i ", text: T., no_flow: {to: {groups: [company]}, " \
        "data: [c" 56 + i "], fields: {f" 56 + i ": exact}}}")
      say(n, "  - {id: b" i ", text: T., only_to: {data: [c" i "], to: " \
        "{groups: [office, company]}}}")
      say(n, "  - {id: d" i ", text: T., needs_consent: {to: anyone, " \
        "at_least: given}}")
      say(n, "  - {id: m" i ", text: T., max_retention: {to: anyone, " \
        "months: 24}}")
      say(n, "  - {id: l" i ", text: T., flow: {to: {orgs: [o" i "]}, for: " \
        "[p" i "], event: e" i "}}")
    }
    say("bundle.yaml", "format: bundle/1\nbundle: bench\n" \
      "vocabulary: vocabulary.yaml\nguards: guards.yaml\n" \
      "partners: partners.yaml\npolicy: policy.yaml\n" \
      "invariants: invariants.yaml")
  }'
}

# policy SHAPE RETAIN: a policy; RETAIN is of every hundredth rule.
policy() {
  awk -v shape="$1" -v retain="$2" -v rules="$rules" '
  function roll(n) { seed = (seed * 1103515245 + 12345) % 2147483648
    return int(seed / 65536) % n }
  function fields(e,  k, list) {
    list = "occurred: exact"
    for (k = roll(3); k < 12; k += 3)
      list = list ", f" (e * 4 + k) % 120 ": exact"
    return list
  }
  BEGIN {
    seed = 20260901
    print "language: sharing-policy/1\npolicy: owner\nversion: 1"
    print "vocabulary: bench/1\nguards: bench/1\npartners: bench"
    print "defaults: {retain: {for: 12 months, from: sent}}\nshare:"
    for (i = 0; i < rules - 200; i++) {
      # The first rules make the flow invariants hold.
      p = i < 4 ? i : roll(64); e = i < 4 ? i : roll(25)
      if (i < 4) to = "orgs: [o" i "]"
      else if (shape == "groups") to = "groups: [g" roll(16) "]"
      else to = "orgs: [o" roll(85) ", o" 85 + roll(85) ", o" 170 + roll(85) "]"
      printf "  - {id: r%d, text: Regel %d., to: {%s}, for: [p%d, p%d], ", \
        i, i, to, p, (p + 1 + roll(62)) % 64
      printf "what: {e%d: {%s}, e%d: only-the-fact}, ", e, fields(e), (e + 1) % 25
      printf "basis: {gdpr: contract, reference: Protocol %d}, ", i
      printf "%svalid: {from: 2026-%02d-01, until: 2027-%02d-28}}\n", \
        i % 100 == 99 ? "retain: {for: " retain ", from: sent}, " : "", \
        i < 4 ? 1 : 1 + roll(12), 1 + roll(12)
    }
    print "never:"
    for (i = 0; i < 100; i++)
      printf "  - {id: n%d, text: N., to: {groups: [g%d]}, for: [p%d], " \
        "fields: [f%d]}\n", i, roll(16), 4 + roll(60), roll(120)
    print "limit:"
    for (i = 0; i < 100; i++)
      printf "  - {id: l%d, text: L., to: {orgs: [o%d]}, fields: {f%d: " \
        "present}}\n", i, roll(255), roll(120)
  }'
}

# Processor seconds of all that ended so far.
spent() {
  times > "$work/times"
  awk 'NR == 2 { gsub(/[ms]/, " "); print $1 * 60 + $2 + $3 * 60 + $4 }' \
    "$work/times"
}

# timed NAME COMMAND...: seconds, of which the processor's, and what it says.
timed() {
  name=$1; shift
  spent > "$work/before"
  start=$(date +%s%N)
  "$@" > "$work/out" 2> "$work/err" || code=$?
  end=$(date +%s%N)
  spent > "$work/after"
  [ ! -s "$work/err" ] || sed 's/^/  | /' "$work/err"
  awk -v name="$name" -v ns=$((end - start)) -v size="$(wc -c < "$work/out")" \
    -v before="$(cat "$work/before")" -v after="$(cat "$work/after")" \
    'BEGIN { printf "  %-22s %5.2f s (processor %.2f s), %.1f MB\n", name, \
      ns / 1e9, after - before, size / 1e6 }'
}

echo "Analysis of $rules rules, 256 partners, 64 purposes, 25 events (with loading)"
for shape in partners groups; do
  old=$work/$shape-old
  new=$work/$shape-new
  mkdir "$old"
  shared "$old"
  cp -R "$old" "$new"
  policy $shape "12 months" > "$old/policy.yaml"
  policy $shape "18 months" > "$new/policy.yaml"
  echo "rules that name $shape"
  timed "check" "$build/schakel" policy check "$old"
  timed "matrix of a day" "$build/schakel" policy matrix "$old" --day 2026-12-15 --json
  timed "matrix of one partner" "$build/schakel" policy matrix "$old" --day 2026-12-15 --to o7
  timed "diff" "$build/schakel" policy diff "$old" "$new"
  timed "diff as JSON" "$build/schakel" policy diff "$old" "$new" --json
  timed "prove" "$build/schakel" policy prove "$old"
  timed "render" "$build/schakel" policy render "$old" --day 2026-12-15
  timed "render as JSON" "$build/schakel" policy render "$old" --day 2026-12-15 --json
  timed "matrix as a grid" "$build/schakel" policy matrix "$old" --day 2026-12-15
  timed "matrix as a table" "$build/schakel" policy matrix "$old" --day 2026-12-15 --format md
  timed "record (ropa)" "$build/schakel" policy export "$old" --day 2026-12-15 --format ropa
  timed "coverage, no tests" "$build/schakel" policy test "$old" --coverage
done
