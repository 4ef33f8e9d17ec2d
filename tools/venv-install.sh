#!/usr/bin/env bash
# Installs locked requirements and the project itself (editable) into an environment:
#   tools/venv-install.sh .venv rig
# From wheelhouse/ alone if that suffices, as on a machine without a network; else from the index.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1 lock=$2
pip=("$venv/bin/python" -m pip --quiet --quiet --disable-pip-version-check)
locked=(--require-hashes --requirement requirements/build.txt --requirement "requirements/$lock.txt")

echo "Installing requirements/$lock.txt into $venv"
if ! { ls wheelhouse/*.whl >/dev/null 2>&1 &&
  "${pip[@]}" install --no-index --find-links wheelhouse "${locked[@]}" 2>/dev/null; }; then
  "${pip[@]}" install "${locked[@]}"
fi
"${pip[@]}" install --no-deps --no-build-isolation --no-index --editable .
