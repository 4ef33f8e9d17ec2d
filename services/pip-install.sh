#!/bin/sh
# Installs one requirements file, in the image that is being built: strictly from /wheelhouse when
# there are wheels in it, otherwise from the index that pip is configured for.
set -eu
if ls /wheelhouse/*.whl >/dev/null 2>&1; then
  export PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheelhouse
fi
if [ -s /run/secrets/ca_bundle ]; then
  export PIP_CERT=/run/secrets/ca_bundle
fi
# A pipe's status is that of its end, which is not pip.
code=$(mktemp)
{ pip install --progress-bar off --require-hashes --only-binary=:all: --requirement "$1" 2>&1 ||
  echo "$?" >"$code"; } | awk -v total="$(grep -c '^[A-Za-z0-9]' "$1")" -f "${0%/*}/pip-progress.awk"
status=$(cat "$code")
rm "$code"
exit "${status:-0}"
