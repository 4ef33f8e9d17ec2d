#!/usr/bin/env bash
# Brings panoptes-utils, with which our telemetry is compared, into an environment of its own: it
# needs Python 3.12 or newer, which is looked for on the path and among those of pyenv.
#   tools/panoptes-python.sh .venv
# What cannot be brought is said, and is not an error: the tests that need it are skipped by name.
set -uo pipefail
programs=$1/programs
wanted='panoptes-utils[telemetry]==0.5.3'

[ ! -x "$programs/bin/panoptes-python" ] || exit 0
for python in python3.14 python3.13 python3.12 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python; do
  if "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
    mkdir -p "$programs/bin"
    if "$python" -m venv "$programs/panoptes" &&
      "$programs/panoptes/bin/pip" install --quiet --disable-pip-version-check "$wanted" 2>/dev/null; then
      # Not a link, by which Python would not find what is installed beside it.
      printf '#!/bin/sh\nexec "$(dirname "$0")/../panoptes/bin/python" "$@"\n' \
        >"$programs/bin/panoptes-python"
      chmod +x "$programs/bin/panoptes-python"
      exit 0
    fi
    rm -rf "$programs/panoptes"
    echo "Not brought: $wanted" >&2
    exit 0
  fi
done
echo "Not here: Python 3.12 or newer, for $wanted" >&2
