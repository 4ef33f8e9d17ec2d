#!/usr/bin/env bash
# Fills wheelhouse/ with every package the images need, and with what builds our own wheel: copy
# the checkout with a full wheelhouse to a machine without a network, and `make up` builds there.
#
# It runs inside the base image, for environment markers and binary compatibility are the image's:
# on a host with another Python a package may be skipped that the image needs.
#
#   tools/wheelhouse.sh          for the images (Python 3.11 on Linux)
#   rm wheelhouse/*.whl          build from the package index again
set -euo pipefail
cd "$(dirname "$0")/.."
docker version >/dev/null 2>&1 ||
  { echo "wheelhouse: no Docker engine answers; packages have to be chosen inside the base image" >&2; exit 1; }
image=${PYTHON_IMAGE:-python:3.11-slim-bookworm}
ca=${CA_BUNDLE:-/etc/ssl/certs/ca-certificates.crt}
[ -s "$ca" ] || ca=/dev/null
conf=${PIP_CONF:-/dev/null}
locks=(build physiology_server collector exporter telemetry rig)

key=$(cd requirements && cat "${locks[@]/%/.txt}" | sha256sum | cut -c1-16)
key=$key-$(docker image inspect -f '{{.Id}}' "$image" | cut -c8-19)
if [ "$(cat wheelhouse/.key 2>/dev/null)" = "$key" ] && ls wheelhouse/*.whl >/dev/null 2>&1; then
  echo "wheelhouse/ is complete: $(ls wheelhouse/*.whl | wc -l) wheels"
  exit 0
fi

fresh=$(mktemp -d wheelhouse/.filling-XXXXXX)
trap 'rm -rf "$fresh"' EXIT
docker run --rm --user "$(id -u):$(id -g)" --env HOME=/tmp \
  --env PIP_DISABLE_PIP_VERSION_CHECK=1 --env PIP_INDEX_URL \
  --env HTTP_PROXY --env HTTPS_PROXY --env NO_PROXY \
  --volume "$ca:/ca.crt:ro" --volume "$conf:/etc/pip.conf:ro" \
  --volume "$PWD/requirements:/requirements:ro" --volume "$PWD/$fresh:/wheels" \
  "$image" bash -euo pipefail -c '
    if [ -s /ca.crt ]; then export PIP_CERT=/ca.crt; fi
    for lock in "$@"; do
      pip --quiet download --require-hashes --only-binary=:all: \
        --requirement "/requirements/$lock.txt" --dest /wheels
    done' fill "${locks[@]}"
# All at once and only when complete: a build that finds wheels asks no index.
rm -f wheelhouse/*.whl
mv "$fresh"/*.whl wheelhouse/
echo "$key" >wheelhouse/.key
echo "wheelhouse/ filled: $(ls wheelhouse/*.whl | wc -l) wheels, $(du -sh wheelhouse | cut -f1)"
