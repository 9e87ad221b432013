#!/usr/bin/env bash
# Lists the JDKs of this machine, one per feature release: "FEATURE HOME" lines, ascending.
# Looks into $UMIG_JDKS (homes with ':' between), $JAVA_HOME and /usr/lib/jvm; the first found of a
# release wins. jdks.sh FEATURE prints only the home, and fails if it is not here.
set -euo pipefail

IFS=: read -r -a given <<<"${UMIG_JDKS:-}"
declare -A homes=()
for home in "${given[@]}" "${JAVA_HOME:-}" /usr/lib/jvm/*; do
  if [[ -z $home || ! -x $home/bin/java || ! -r $home/release ]]; then
    continue
  fi
  feature=$(sed -n 's/^JAVA_VERSION="\(1\.\)\{0,1\}\([0-9]*\).*/\2/p' "$home/release")
  if [[ -n $feature && -z ${homes[$feature]:-} ]]; then
    homes[$feature]=$(readlink -f "$home")
  fi
done

if [[ -n ${1:-} ]]; then
  [[ -n ${homes[$1]:-} ]] && echo "${homes[$1]}"
  exit
fi
for feature in "${!homes[@]}"; do
  echo "$feature ${homes[$feature]}"
done | sort -n
