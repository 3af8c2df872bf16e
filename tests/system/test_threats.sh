#!/bin/sh
# Every test that docs/THREATS.md names exists.
set -u
page=docs/THREATS.md
failed=0
count=0
for name in $(grep -oE '`test_[a-z_]+(\.sh|\.c|/[a-z_]+)`' $page | tr -d '`' | sort -u); do
  case $name in
  *.sh) [ -f "tests/system/$name" ] ;;
  *.c) ls tests/*/"$name" >/dev/null 2>&1 ;;
  *) suite=${name%%/*}; test=${name#*/}
    grep -qE "^(Test|ParameterizedTest)\(.*[( ]$test[,)]|, $test[,)]" tests/*/"$suite".c ;;
  esac
  if [ $? = 0 ]; then count=$((count + 1)); else echo "not ok - $name exists"; failed=1; fi
done
if [ $count -ge 30 ]; then echo "ok - $count tests that $page names exist"
else echo "not ok - only $count tests are named"; failed=1; fi
exit $failed
