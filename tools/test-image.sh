#!/usr/bin/env bash
# Builds vitalrig/testing:local (RIG_TAG=... for another tag): a whole rig in one container, for
# tests of other programs. Behind a proxy and without a network: docs/guides/proxy-and-offline.md.
set -euo pipefail
cd "$(dirname "$0")/.."
docker version >/dev/null 2>&1 || { echo "test-image: no Docker engine answers" >&2; exit 1; }
ca=${CA_BUNDLE:-/etc/ssl/certs/ca-certificates.crt}
[ -s "$ca" ] || ca=/dev/null

DOCKER_BUILDKIT=1 docker build --file services/Dockerfile --target testing \
  --tag "vitalrig/testing:${RIG_TAG:-local}" --build-arg SERVICE=rig \
  --build-arg "PYTHON_IMAGE=${PYTHON_IMAGE:-python:3.11-slim-bookworm}" \
  --build-arg HTTP_PROXY --build-arg HTTPS_PROXY --build-arg NO_PROXY \
  --secret "id=ca_bundle,src=$ca" --secret "id=pip_conf,src=${PIP_CONF:-/dev/null}" .
