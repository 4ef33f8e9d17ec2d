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
exec pip install --quiet --require-hashes --only-binary=:all: --requirement "$1"
