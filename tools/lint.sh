#!/usr/bin/env bash
# Every check that needs nothing to run: style, types, configuration files. All of them are done,
# and the exit status says whether any failed. A tool that is missing is an error in CI.
#   tools/lint.sh .venv/bin
set -uo pipefail
cd "$(dirname "$0")/.."
bin=$1
PATH=$PATH:$(dirname "$bin")/programs/bin
failed=()

check() { # name command...
  local name=$1
  shift
  if "$@"; then
    echo "ok    $name"
  else
    echo "FAIL  $name" >&2
    failed+=("$name")
  fi
}
# promtool and docker do not come with pip.
export RIG_REDIS_USERS=known  # what `make up` knows
missing() { # tool
  if [ "${CI:-}" = true ]; then
    echo "FAIL  $1 is not installed" >&2
    failed+=("$1")
  else
    echo "skip  $1 is not installed"
  fi
}
merged() { # checks the compose file as compose understands it, with the vendor's server
  PHYSIOLOGY_IMAGE=image:tag docker compose \
    --env-file /dev/null -f docker-compose.yml -f docker-compose.vendor.yml \
    --profile monitoring config >"$1" &&
    "$bin/check-jsonschema" --quiet --builtin-schema vendor.compose-spec "$1"
}

check "ruff format" "$bin/ruff" format --quiet --check
check "ruff check" "$bin/ruff" check --quiet
check mypy "$bin/mypy" --no-error-summary
check yamllint "$bin/yamllint" --strict .
check hadolint "$bin/hadolint" services/Dockerfile tools/bases/*.Dockerfile
check "compose schema" "$bin/check-jsonschema" --quiet --builtin-schema vendor.compose-spec docker-compose.yml

if command -v promtool >/dev/null; then
  check "prometheus.yml" promtool check config config/prometheus/prometheus.yml
  check "examples of rules" promtool check rules config/prometheus/examples/*.yml
  check "alert tests" promtool test rules config/prometheus/tests/*_test.yml
else
  missing promtool
fi
if command -v amtool >/dev/null; then
  check "alertmanager.yml" amtool check-config config/alertmanager/alertmanager.yml
else
  missing amtool
fi
if docker compose version >/dev/null 2>&1; then
  check "compose config" docker compose --env-file /dev/null --profile monitoring config --quiet
  scratch=$(mktemp --suffix .yml)
  check "compose config with the vendor's server" merged "$scratch"
  rm -f "$scratch"
else
  missing "docker compose"
fi

if [ ${#failed[@]} -gt 0 ]; then
  echo "lint: ${#failed[@]} of the checks failed: ${failed[*]}" >&2
  exit 1
fi
