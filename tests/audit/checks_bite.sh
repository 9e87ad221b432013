#!/usr/bin/env bash
# The audits themselves: each must pass a good tree and complain about a bad one.
# checks_bite.sh C_COMPILER
set -euo pipefail

compiler=$1
scripts=$(cd "$(dirname "$0")/../../scripts" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
faults=0

passes() { # what, command...
  local what=$1
  shift
  if ! "$@" >"$work/out" 2>&1; then
    cat "$work/out"
    echo "FAILED: refused, but good: $what"
    faults=1
  fi
}

complains() { # what, text it must say, command...
  local what=$1 text=$2
  shift 2
  if "$@" >"$work/out" 2>&1; then
    echo "FAILED: not noticed: $what"
    faults=1
  elif ! grep -qF -- "$text" "$work/out"; then
    cat "$work/out"
    echo "FAILED: noticed without the words '$text': $what"
    faults=1
  fi
}

tree=$work/tree
mkdir -p "$tree"/{docs,low,high,agent/signal}
cat >"$tree/docs/layers.txt" <<'END'
low:
high: low
agent/signal:
<sqlite3.h: low
END

good_header='/** Adds. */
int low_add(int a, int b);

/** Keeps. */
struct low {
    int (*call)(int a);
};'
printf '%s\n' "$good_header" >"$tree/low/low.h"
printf '%s\n' '#include "low/low.h"' | tee "$tree/high/high.c" >"$tree/high/high.h"
passes "includes downwards" "$scripts/check_layers" "$tree"
passes "a documented header" "$scripts/check_docs" "$tree"

printf '%s\n' '#include "high/high.h"' >"$tree/low/low.c"
complains "an include upwards" 'low may not include "high/high.h"' "$scripts/check_layers" "$tree"
printf '%s\n' '#include "low.h"' >"$tree/low/low.c"
complains "an include by search path" 'not written from the root' "$scripts/check_layers" "$tree"
rm "$tree/low/low.c"
printf '%s\n' '#include <sqlite3.h>' >"$tree/high/high.c"
complains "a foreign header" 'is not for high' "$scripts/check_layers" "$tree"
rm "$tree/high/high.c"

printf '%s\n' 'int low_bare(void);' >"$tree/low/low.h"
complains "a bare prototype" 'no docblock above: int low_bare' "$scripts/check_docs" "$tree"
printf '%s\n' '/** Two lines. */' 'int' 'low_split(int a,' '          int b);' >"$tree/low/low.h"
passes "a prototype over several lines" "$scripts/check_docs" "$tree"
printf '%s\n' '/** Apart. */' '' 'int low_apart(void);' >"$tree/low/low.h"
complains "a docblock that stands apart" 'no docblock above' "$scripts/check_docs" "$tree"
printf '%s\n' '/* Plain. */' 'int low_plain(void);' >"$tree/low/low.h"
complains "a plain comment" 'no docblock above' "$scripts/check_docs" "$tree"
rm "$tree/low/low.h"
printf '%s\n' '/** Handles. */' 'void sig(void);' >"$tree/agent/signal/sig.h"
complains "a handler that does not say it is safe" '"Signal:" line' "$scripts/check_docs" "$tree"
printf '%s\n' '/**' ' * Handles.' ' *' ' * Signal: safe.' ' */' 'void sig(void);' \
  >"$tree/agent/signal/sig.h"
passes "a handler that says it" "$scripts/check_docs" "$tree"

{
  printf '%s\n' 'int long_one(void)' '{'
  for ((i = 0; i < 81; i++)); do echo '    work();'; done
  echo '}'
} >"$tree/low/long.c"
complains "81 lines" '81 lines in a function' "$scripts/check_sizes" "$tree"
sed -i '3d' "$tree/low/long.c"
passes "80 lines" "$scripts/check_sizes" "$tree"
passes "no forbidden word" "$scripts/check_words" "$tree"
echo "/* TO""DO: later */" >>"$tree/low/long.c"
complains "a forbidden word" 'later' "$scripts/check_words" "$tree"

echo 'void *p(void); extern void *malloc(unsigned long); void *p(void) { return malloc(1); }' \
  >"$work/a.c"
"$compiler" -c -o "$work/a.o" "$work/a.c"
echo 'memcpy # pure' >"$work/allow"
complains "malloc in the handler" 'malloc' "$scripts/check_sigsafe" "$work/allow" "$work/a.o"
echo 'malloc' >>"$work/allow"
passes "what is allowed" "$scripts/check_sigsafe" "$work/allow" "$work/a.o"

echo 'int Agent_OnLoad(void); int Agent_OnLoad(void) { return 0; }' >"$work/b.c"
"$compiler" -shared -fPIC -Wl,-z,now,-z,nodelete -o "$work/good.so" "$work/b.c"
passes "an agent" "$scripts/check_agent" "$work/good.so"
"$compiler" -shared -fPIC -o "$work/bad.so" "$work/b.c"
complains "an agent that can be unmapped" 'nodelete' "$scripts/check_agent" "$work/bad.so"
"$compiler" -shared -fPIC -Wl,-z,now,-z,nodelete -o "$work/bad.so" "$work/b.c" "$work/a.c"
complains "an agent that shows more" 'exports more' "$scripts/check_agent" "$work/bad.so"
"$compiler" -shared -fPIC -Wl,-z,now,-z,nodelete,--no-as-needed -o "$work/bad.so" "$work/b.c" -lm
complains "an agent that needs more" 'needs more than libc' "$scripts/check_agent" "$work/bad.so"

exit $faults
