#!/bin/sh
# many-times.sh [COUNT]: run the harness's own tests COUNT times, shuffled, in four workers.
# Stops at the first run that fails, and says how to have its order again.
set -eu

count=${1:-200}
run=1
while [ "$run" -le "$count" ]; do
  VITALRIG_TEST_SHUFFLE=$run .venv/bin/pytest -q -n 4 tests/integration/testing || {
    echo "many-times: run $run of $count failed: VITALRIG_TEST_SHUFFLE=$run has its order again" >&2
    exit 1
  }
  run=$((run + 1))
done
echo "many-times: $count runs, no failure"
