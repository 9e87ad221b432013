#!/usr/bin/env bash
# Compiles the tests' programs: build.sh OUTPUT. Java goes to OUTPUT/java, Groovy programs compiled
# by each release to OUTPUT/groovyN, the releases' jars to OUTPUT/lib/groovyN, what runs servers to
# OUTPUT/servers, the reader of heap dumps to OUTPUT/hprof. What is newer than its sources stays. The oldest JDK from 17 on compiles, so that all can run it.
set -euo pipefail
cd "$(dirname "$0")"
output=$1
home=$(../../support/jdks.sh | awk '$1 >= 17 { print $2; exit }')
if [[ -z $home ]]; then
  echo "skipped: no JDK from 17 on is here"
  exit 77
fi

is_fresh() { # STAMP SOURCE...
  local stamp=$1 newer
  shift
  [[ -e $stamp ]] || return 1
  newer=$(find "$@" -newer "$stamp" -print -quit)
  [[ -z $newer ]]
}

mkdir -p "$output/lib"
if ! is_fresh "$output/lib/stamp" pom.xml; then
  JAVA_HOME=$home mvn -q -B -f pom.xml process-resources -Doutput="$output/lib"
  touch "$output/lib/stamp"
fi
slowed=../../../bench/programs/Slowed.java # of both: what a bench measures is tested as well
if ! is_fresh "$output/java/stamp" java "$slowed"; then
  "$home/bin/javac" -d "$output/java" java/*.java "$slowed"
  touch "$output/java/stamp"
fi
if ! is_fresh "$output/servers/stamp" servers; then
  mkdir -p "$output/servers"
  "$home/bin/javac" -cp "$output/lib/servers/*" -d "$output/servers" servers/*.java
  touch "$output/servers/stamp"
fi
if ! is_fresh "$output/hprof/stamp" hprof; then
  mkdir -p "$output/hprof"
  "$home/bin/javac" -cp "$output/lib/hprof/*" -d "$output/hprof" hprof/*.java
  touch "$output/hprof/stamp"
fi
compile_groovy() { # RELEASE SOURCE...
  local release=$1
  shift
  if ! is_fresh "$output/$release/stamp" groovy java; then
    mkdir -p "$output/$release"
    "$home/bin/java" -cp "$output/lib/$release/*:$output/java" \
      org.codehaus.groovy.tools.FileSystemCompiler -d "$output/$release" "$@"
    touch "$output/$release/stamp"
  fi
}

compile_groovy groovy24 groovy/Idioms.groovy
compile_groovy groovy4 groovy/*.groovy
