#!/usr/bin/env bash
# Ends the engine that docker-up.sh started, and no other. On SIGTERM it stops its containers (10 s
# grace each) and its containerd with it.
set -euo pipefail
state=${DOCKER_CI_STATE:-/run/ci-docker}
[ -s "$state/pid" ] || exit 0
pid=$(cat "$state/pid")
if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != dockerd ]; then
  rm -f "$state/pid"
  exit 0
fi
kill "$pid"
for _ in $(seq 300); do
  kill -0 "$pid" 2>/dev/null || { rm -f "$state/pid"; exit 0; }
  sleep 0.1
done
echo "docker-down: dockerd $pid is still there after 30 s" >&2
exit 1
