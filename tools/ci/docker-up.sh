#!/usr/bin/env bash
# Brings a Docker engine, compose v2 and buildx onto a Debian 12 machine, also without an init
# system. An engine that already answers is used and left alone. The pid of one that was started
# here is in $DOCKER_CI_STATE/pid, and docker-down.sh ends only that.
set -euo pipefail
state=${DOCKER_CI_STATE:-/run/ci-docker}
[ "$(id -u)" = 0 ] || { echo "docker-up: needs root" >&2; exit 1; }
mkdir -p "$state"

# Debian 12 has no compose v2. Two leaf packages come from Debian 13, which need only a C library
# that 12 has. Not docker-cli: with it apt removes the engine of 12.
pin_trixie() {
  [ -e /etc/apt/preferences.d/ci-docker-trixie ] && return
  local source=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
    | sort -u | grep -v security | sed 's,/*$,,' | head -n 1)}
  cat >/etc/apt/sources.list.d/ci-trixie.sources <<SOURCES
Types: deb
URIs: $source
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
  cat >/etc/apt/preferences.d/ci-docker-trixie <<PINS
Package: *
Pin: release n=trixie
Pin-Priority: -10

Package: docker-buildx docker-compose
Pin: release n=trixie
Pin-Priority: 600
PINS
}

want=()
command -v dockerd >/dev/null || want+=(docker.io)
command -v iptables >/dev/null || want+=(iptables)
docker compose version >/dev/null 2>&1 || want+=(docker-compose)
docker buildx version >/dev/null 2>&1 || want+=(docker-buildx)
if [ ${#want[@]} -gt 0 ]; then
  pin_trixie
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${want[@]}" \
    >"$state/apt.log" 2>&1 || { tail -n 20 "$state/apt.log" >&2; exit 1; }
fi

answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
if answers; then
  echo "docker-up: an engine already answers; it is left alone" >&2
  exit 0
fi
# A stale pid file (machine snapshot, kill -9) would stop it: dockerd only looks whether any
# process has that number.
old=$(cat /var/run/docker.pid 2>/dev/null || :)
if [ -n "$old" ] && [ "$(cat "/proc/$old/comm" 2>/dev/null)" != dockerd ]; then
  rm -f /var/run/docker.pid
fi

setsid dockerd >"$state/dockerd.log" 2>&1 </dev/null &
pid=$!
for _ in $(seq 300); do
  if answers; then
    echo "$pid" >"$state/pid"
    exit 0
  fi
  kill -0 "$pid" 2>/dev/null || { echo "docker-up: dockerd ended" >&2; tail -n 20 "$state/dockerd.log" >&2; exit 1; }
  sleep 0.1
done
echo "docker-up: dockerd did not answer in 30 s" >&2
tail -n 20 "$state/dockerd.log" >&2
kill "$pid"
exit 1
