#!/usr/bin/env bash
# Writes requirements/*.txt: exact versions with hashes, from the extras in pyproject.toml.
#
# It runs inside the base image, because environment markers are evaluated where pip-compile runs:
# Python 3.11.2 needs a package that 3.11.7 leaves out, and a lock written on the newer one would
# not install in the image. Packages are asked for at the public index only, so that the hashes
# are everybody's; set PIP_INDEX_URL to use a mirror of it. No address gets into the files.
#
#   tools/lock.sh             keep what is pinned, add and drop what pyproject.toml asks for
#   tools/lock.sh --upgrade   take the newest versions
set -euo pipefail
cd "$(dirname "$0")/.."
docker version >/dev/null 2>&1 ||
  { echo "lock: no Docker engine answers; packages have to be chosen inside the base image" >&2; exit 1; }
image=${PYTHON_IMAGE:-python:3.11-slim-bookworm}
ca=${CA_BUNDLE:-/etc/ssl/certs/ca-certificates.crt}
[ -s "$ca" ] || ca=/dev/null
tools="pip-tools>=7.5 pip>=25"

docker run --rm --user "$(id -u):$(id -g)" --env HOME=/tmp --env PIP_DISABLE_PIP_VERSION_CHECK=1 \
  --env PIP_INDEX_URL --env HTTP_PROXY --env HTTPS_PROXY --env NO_PROXY \
  --volume "$ca:/ca.crt:ro" --volume "$PWD:/src:ro" --volume "$PWD/requirements:/out" \
  --env TOOLS="$tools" --env UPGRADE="${1:-}" "$image" bash -euo pipefail -c '
    if [ -s /ca.crt ]; then export PIP_CERT=/ca.crt SSL_CERT_FILE=/ca.crt REQUESTS_CA_BUNDLE=/ca.crt; fi
    python -m venv /tmp/lock
    # shellcheck disable=SC2086
    /tmp/lock/bin/pip install --quiet $TOOLS
    # Paths in the "via" comments are those given here, so they are given relative.
    mkdir /tmp/src && cd /tmp/src
    cp -r /src/pyproject.toml /src/README.md /src/LICENSE /src/libs . && cp -r /src/requirements .
    compile() {
      /tmp/lock/bin/pip-compile --quiet --generate-hashes --no-header --strip-extras --allow-unsafe \
        --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
        $UPGRADE "$@" pyproject.toml
    }
    # What builds the wheel comes first: the others must agree with it, for all go into one .venv.
    compile --only-build-deps --build-deps-for editable --build-deps-for wheel \
      --output-file requirements/build.txt
    compile --extra dev --constraint requirements/build.txt --output-file requirements/dev.txt
    for extra in rig physiology_server collector exporter; do
      compile --extra "$extra" --constraint requirements/dev.txt \
        --output-file "requirements/$extra.txt"
    done
    # The extra is for strangers, who need no Redis; the service does.
    compile --extra telemetry --extra service --constraint requirements/dev.txt \
      --output-file requirements/telemetry.txt
    for file in requirements/*.txt; do
      # Extras that name other extras make pip-compile list the project itself, by its path.
      # A constraint explains nothing to a reader of the lock.
      awk "/^# WARNING: pip install will require/ { own = 1 }
           own && (/^[A-Za-z0-9._-]+==/ || /^# The following/) { own = 0 }
           !own && !/^    #   -c requirements/" "$file" >"/out/${file##*/}.part"
      mv "/out/${file##*/}.part" "/out/${file##*/}"
    done'
