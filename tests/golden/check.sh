#!/bin/sh
# Recomputes the signature of every golden file with sha256sum, independently of the program.
set -eu
cd "$(dirname "$0")/flow_call"
failed=0
count=0
for file in *.golden; do
  line() { sed -n "s/^$1: //p" "$file" | tr -d '\n'; }
  computed=$(line signed_text | sha256sum | cut -d' ' -f1)
  if [ "$computed" != "$(line signature)" ]; then
    echo "$file: the signature is not the SHA-256 of signed_text, which is $computed" >&2
    failed=1
  fi
  case $(line signed_text) in
    *"$(line signed_query)$(line body)"*) ;;
    *) echo "$file: signed_text does not hold signed_query and body" >&2; failed=1 ;;
  esac
  count=$((count + 1))
done
[ "$failed" -eq 0 ] && echo "$count golden signatures agree with sha256sum"
exit "$failed"
