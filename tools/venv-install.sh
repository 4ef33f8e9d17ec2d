#!/usr/bin/env bash
# Installs locked requirements and the project itself (editable) into an environment:
#   tools/venv-install.sh .venv rig
# From wheelhouse/ alone if that suffices, as on a machine without a network; else from the index.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1 lock=$2
pip=("$venv/bin/python" -m pip --disable-pip-version-check)
locks=(requirements/build.txt "requirements/$lock.txt")
locked=(--progress-bar off --require-hashes "${locks[@]/#/--requirement=}")
total=$(cat "${locks[@]}" | sed -n 's/^\([A-Za-z0-9][^ ;]*\).*/\1/p' | sort -u | wc -l)
rewrite=$([ -t 1 ] && echo 1 || echo 0)
show() { awk -v total="$total" -v rewrite="$rewrite" -f services/pip-progress.awk; }

echo "Installing requirements/$lock.txt into $venv: $total packages"
if ! { ls wheelhouse/*.whl >/dev/null 2>&1 &&
  "${pip[@]}" install --no-index --find-links wheelhouse "${locked[@]}" 2>/dev/null | show; }; then
  "${pip[@]}" install "${locked[@]}" 2>&1 | show
fi
"${pip[@]}" --quiet --quiet install --no-deps --no-build-isolation --no-index --editable .
