#!/bin/sh
# People who work at a node, as real system users on a real daemon: who is
# heard, what a coach may not see, stand-ins, break-glass.   docs/CONTROL.md 7
#   sh tests/system/test_users.sh BUILD_DIR
. tests/system/check.inc

if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
  echo "ok - (skipped: to be several system users takes root and setpriv)"
  exit 0
fi

TMPDIR=$work LANG=nl_BE.UTF-8 "$build/schakel" rehearse --keep \
  tests/scenarios/S2A.yaml >"$work/story" 2>"$work/err"
check "the story runs and stays" $?
pids=$(sed -n 's/.*# pid \([0-9]*\)$/\1/p' "$work/story")
root=$(sed -n 's/.*--dir \(.*\)\/buso .*/\1/p' "$work/story")
node=$root/buso
# The program is for everybody; the folder of the node only to pass through.
mkdir "$work/bin"
cp "$build/schakel" "$work/bin"
chmod 755 "$work" "$work/bin" "$work/bin/schakel"

as() { # LOGIN WORD...: in Dutch
  login=$1
  shift
  LANG=nl_BE.UTF-8 setpriv --reuid="$login" --regid=65534 --clear-groups \
    "$work/bin/schakel" "$@" --dir "$node" >"$work/out" 2>"$work/err"
  got=$?
  [ "$login" != daemon ] || cat "$work/out" "$work/err" >>"$work/operator"
  return $got
}
says() { grep -qF -- "$1" "$work/out" "$work/err"; }
refused() { # CODE LOGIN WORD...
  code=$1
  shift
  as "$@" --json
  [ $? = 1 ] && says "\"code\": \"$code\""
}
id_of() { grep -o "\"$1\": *\"[^\"]*\"" "$work/out" | head -n 1 | cut -d '"' -f 4; }

# ------------------------------------------------------------ the first user
as root status && says 'Er zijn geen gebruikers'
check "without users the node says that everybody sees everything" $?
as games status
[ $? = 77 ]
check "a folder that is closed lets nobody else in" $?
for dir in "$root" "$node"; do chmod 711 "$dir"; done
path=$root
while [ "$path" != / ] && [ "$path" != "$work" ]; do
  chmod a+x "$path"
  path=$(dirname "$path")
done
refused not-a-user games status
check "in an open folder only the node's own user is heard" $?

as root user add els --role coach --system-user games
[ $? = 1 ] && says 'de eerste gebruiker moet privacyverantwoordelijke zijn'
check "the first user must be able to let others in" $?
as root user add els --role privacy-officer --system-user niet-hier
[ $? = 1 ] && says 'deze aanmeldnaam bestaat niet op deze machine'
check "a login that does not exist is told" $?
as root user add els --role privacy-officer --system-user games &&
  ! says stands_in
check "the first user, in words" $?
refused not-a-user root status && refused not-a-user root user list
check "from then on not even root is heard" $?

as games user add iris --role coach --system-user bin --team noord &&
  as games user add bram --role coach --system-user man --team noord &&
  as games user add tess --role team-lead --system-user sys --team noord &&
  as games user add omar --role operator --system-user daemon &&
  as games user add anna --role auditor --system-user news
check "who is privacy officer lets the others in" $?
as bin user list && says 'privacyverantwoordelijke' && says 'beheerder' &&
  says 'games'
check "everybody sees who works here" $?
refused role-lacks bin user add ik --role privacy-officer --uid 4711
check "a coach lets nobody in" $?
refused not-a-user nobody participant list
check "a system user who is nobody here is refused by name" $?

# ------------------------------------------------------------ cases
as man participant add Kanarievogel --family-name Kanarievanger --json
person=$(id_of participant)
as man event record "$person" goal.set --fields occupation=8344.1 \
  --fields preference_kind=wanted
check "a coach works" $?
as man participant show "$person" && says Kanarievogel
check "the coach sees the own case" $?
refused not-your-case bin participant show "$person" && says '"bram"' &&
  refused not-your-case bin event list "$person" &&
  refused not-your-case bin disclosure list "$person"
check "another coach does not, and hears whose it is" $?
printf 'source_id,participant,type,occupation,preference_kind\ne1,%s,goal.set,8344.1,wanted\n' \
  "$person" >"$work/theirs.csv" && chmod 644 "$work/theirs.csv"
as bin import events "$work/theirs.csv" --dry-run
[ $? = 1 ] && says 'theirs.csv:2:1: u begeleidt deze deelnemer niet (bram).'
check "nor by an import, which names the coach" $?
refused not-your-case bin policy export \
  policies/library/school-naar-werk/nodes/buso --format dpv \
  --participant "$person" && ! says dpv: && ! says "$person"
check "nor on which consent, as a policy's export" $?
as bin participant list && ! says Kanarie && as bin participant find --name \
  Kanarievogel && ! says Kanarie
check "nor in lists and searches" $?
as games user add kvs --role client-system --system-user lp &&
  as lp export events --subscriber kvs --confirm --since 0 &&
  says '"source":"buso"' && says "$person" &&
  as lp feed list && says 'bevestigd tot' && as lp export events --subscriber kvs &&
  ! says "$person" && refused role-lacks lp participant list &&
  refused role-lacks games export events
check "the own client system follows, and nobody else" $?
refused role-lacks games participant show "$person" &&
  refused not-your-case sys event list "$person"
check "nor do the privacy officer and the team lead" $?
as games disclosure list "$person"
check "the privacy officer sees who got what" $?

# ------------------------------------------------------------ stand-in
as daemon status --json
today=$(id_of now | cut -c1-10)
as man user stand-in bram iris "$today" && as bin user list &&
  says "iris vervangt bram tot en met $today"
check "a coach names who stands in" $?
echo 'Mogen we dit delen?' >"$work/notice" && chmod 644 "$work/notice"
as man relation open "$person" gtb --from "$today" &&
  as man consent give "$person" --until "$today" --purposes guidance.handover \
    --recipients gtb --categories process.handover --notice "$work/notice"
check "a participant agrees" $?
as games policy export policies/library/school-naar-werk/nodes/buso \
  --format dpv --participant "$person" && says dpv:ConsentGiven &&
  ! says Kanarie && ! says 8344
check "the privacy officer shows on which consent, without the file" $?
as games access list --user els && says "$person" && says 'de akkoorden van een deelnemer'
check "which is kept as a look" $?
refused not-your-case sys consent list "$person" &&
  refused role-lacks daemon consent list "$person"
check "it is not for the team lead and the operator" $?
as bin participant show "$person" && says Kanarievogel
check "who stands in sees the case" $?
as daemon clock set "$(date -u -d "$today + 1 day" +%Y-%m-%dT12:00:00Z)" &&
  refused not-your-case bin participant show "$person"
check "until the day is over" $?

# ------------------------------------------------------------ break-glass
as bin participant show "$person" --break-glass ' '
[ $? = 2 ] && says 'er ontbreekt een gegeven: why' && ! says Kanarie
check "break-glass takes a reason, and spaces are none" $?
as bin participant show "$person" --break-glass 'Bram is ziek, het is dringend' &&
  says Kanarievogel
check "in an emergency a file opens" $?
as games status && says 'Noodtoegang' && says 'Bram is ziek, het is dringend' &&
  says 'schakel access seen' && as games agenda && says 'Noodtoegang'
check "the privacy officer sees it at once" $?
as games agenda --json && says '"node": ['
check "the agenda has what the organisation must see to" $?
as bin status && ! says 'Bram is ziek' && as bin agenda && ! says 'Noodtoegang'
check "and nobody else" $?
as games access list --participant "$person" && says 'alles over een deelnemer' &&
  says iris && says bram && says ja
check "every look at the file is there, in words" $?
as news access list --user iris && says 'Bram is ziek'
check "the auditor reads it too" $?
refused role-lacks news participant list && refused role-lacks news status
check "and nothing else" $?
as games access list --glass --json
item=$(grep -o '"item": *[0-9]*' "$work/out" | head -n 1 | grep -o '[0-9]*$')
as games access seen "$item" && as games status && ! says 'Noodtoegang'
check "once looked at it is raised no more" $?

# Every command that opens a file has it, also those of several steps.
refused not-your-case bin participant report "$person" &&
  as bin participant report "$person" --break-glass 'Iris vraagt het' &&
  says Kanarievogel
check "a report on paper opens like a file" $?
refused not-your-case bin handover request "$person" --to gtb &&
  as bin handover request "$person" --to gtb --json \
    --break-glass 'Bram is ziek' --fields handover_kind=warm \
    --fields handover_reason=next_step --fields question=Verder \
    --fields participant_goal=Werken --fields respond_by="$today" \
    --fields coach_name=Iris --fields coach_phone=+3214000003 &&
  says '"ok": true'
check "a step of a handover too" $?
as games access list --glass --json
for item in $(grep -o '"item": *[0-9]*' "$work/out" | grep -o '[0-9]*$'); do
  as games access seen "$item"
done
as games status && ! says 'Noodtoegang'
check "and the privacy officer saw each of them" $?

# ------------------------------------------------------------ on screen
esc=$(printf '\033')
turn=$(printf '\342\200\256')
as bin event record "$person" note.nowhere"$esc[2J" --break-glass x
! grep -q "$esc" "$work/out" "$work/err"
check "what somebody typed does not act on the terminal" $?
refused hidden-character man relation open "$person" houtzaak \
  --from "$today" --reason "Kan${turn}jij" && says '"place"' &&
  ! grep -q "$turn" "$work/out" "$work/err"
check "a character that turns the reading is refused with its place" $?
as games access list --glass --json
for item in $(grep -o '"item": *[0-9]*' "$work/out" | grep -o '[0-9]*$'); do
  as games access seen "$item"
done

# ------------------------------------------------------------ the operator
for words in 'status' 'peer list' 'policy show' 'charter show' 'user list' \
  'agenda' 'participant list' "participant show $person" 'inbox list' \
  'handover list' 'erasure list' "event list $person" 'access list' \
  "disclosure list $person" "participant show $person --break-glass kijken"; do
  # shellcheck disable=SC2086
  as daemon $words
done
[ "$(wc -l <"$work/operator")" -gt 40 ]
check "the operator asks everything" $?
! grep -qi "kanarie\|$person" "$work/operator"
check "and never sees what is in a file" $?
! grep -rqi 'kanarie' "$root"/*.log "$root"/*/*.log "$work/story" 2>/dev/null
check "nor does a log" $?
! grep -qi 'kanarie\|Bram is ziek' "$node"/*.mdb
check "on the disk it is sealed" $?

as daemon backup --recipient "$(age-keygen 2>/dev/null | age-keygen -y)" "$work/b.age"
[ $? = 77 ] && says 'doe dit als de gebruiker van het knooppunt'
check "who is not the node's own user is told who makes the backup" $?

# ------------------------------------------------------------ the doctor
as games user add baas --role operator --system-user root &&
  as games user add spook --role coach --system-user spook --uid 4711
as root doctor
says 'elke vraag is van een gebruiker' && says 'spook: het nummer' &&
  says 'uid 4711: spook, -' && ! says 'iris:'
check "the doctor finds a number that is not the login's here" $?

# ------------------------------------------------------------ who leaves
as games user end bram
[ $? = 1 ] && says 'begeleidt nog deelnemers'
check "who leaves hands over first" $?
as games user end bram --to iris && refused not-a-user man participant list &&
  as bin participant show "$person" && says Kanarievogel
check "then the cases are somebody else's" $?
as games user end els
[ $? = 1 ] && says 'laatste privacyverantwoordelijke'
check "and the last privacy officer stays" $?
exit $failed
