# shellcheck shell=bash
# Sourced by the scripts that people call: where the first word is --help or -h, prints the comment
# at the script's head and ends with 0.
case ${1:-} in
  --help | -h)
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac
