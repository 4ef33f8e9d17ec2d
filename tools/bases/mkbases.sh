#!/usr/bin/env bash
# Makes stand-ins for the public base images from Debian packages alone, under their public names,
# so that unmodified FROM lines and image keys work on a machine that reaches no image registry.
#
#   tools/bases/mkbases.sh                    all that the rig uses
#   tools/bases/mkbases.sh python311 redis    only these (also: debian prometheus alertmanager)
#
# Needs root, a Docker engine and Debian packages. About a minute from nothing; afterwards the
# images come from Docker itself (0.1 s) or from a bundle in the cache folder (seconds).
set -euo pipefail
cd "$(dirname "$0")"

want=${*:-debian python311 redis prometheus alertmanager}
cache=${BASES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/image-bases}
work=${BASES_TMP:-/dev/shm}   # in memory, where the package manager's many syncs cost nothing
[ -d "$work" ] || work=/tmp
label=vitalrig.bases.key
# A changed recipe or a new week makes new images: the packages in them age.
key=$(cat mkbases.sh ./*.Dockerfile redis-entrypoint.sh | sha256sum | cut -c1-12)-$(date +%G%V)

log() { printf '%(%H:%M:%S)T %s\n' -1 "$*" >&2; }
die() { echo "mkbases: $*" >&2; exit 1; }

tags=
for name in $want; do
  case $name in
    debian) tags+=" debian:bookworm-slim debian:trixie-slim" ;;
    python311) tags+=" python:3.11-slim-bookworm" ;;
    redis) tags+=" redis:7-bookworm" ;;
    prometheus) tags+=" prom/prometheus:v2.53.3" ;;
    alertmanager) tags+=" prom/alertmanager:v0.28.1" ;;
    *) echo "mkbases: unknown base $name (debian python311 redis prometheus alertmanager)" >&2; exit 2 ;;
  esac
done

docker version >/dev/null 2>&1 || die "no Docker engine answers; tools/ci/docker-up.sh starts one"

have() {
  [ "$(docker image inspect -f "{{index .Config.Labels \"$label\"}}" "$1" 2>/dev/null)" = "$key" ]
}
all_there() { for tag in $tags; do have "$tag" || return 1; done; }

all_there && { log "all bases are there"; exit 0; }
bundle=$cache/bundle-$key-$(echo "$tags" | sha256sum | cut -c1-8).tar.zst
if [ -s "$bundle" ] && command -v zstd >/dev/null; then
  zstd -dc "$bundle" | docker load -q >/dev/null
  all_there && { log "bases loaded from $bundle"; exit 0; }
fi

[ "$(id -u)" = 0 ] || die "making bases needs root"
command -v apt-get >/dev/null || die "making bases needs Debian's apt-get; load the images from a file instead (docker load)"
# Here, before the two suites run side by side: two apt-get would fight over the lock.
if ! command -v mmdebstrap >/dev/null || ! command -v zstd >/dev/null; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends mmdebstrap zstd >/dev/null
fi
# The package sources are those that this machine already uses.
source_of() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
    | sort -u | grep "$1" security | sed 's,/*$,,' | head -n 1
}
main_source=${MIRROR:-$(source_of -v)}
security_source=${SECURITY:-$(source_of -e)}
# A machine without a separate security source builds without one.
mkdir -p "$cache"

rootfs() { # suite tag
  local suite=$1 tag=$2 tar=$cache/rootfs-$1-$key.tar.zst
  have "$tag" && { log "$tag is there"; return; }
  if [ ! -s "$tar" ]; then
    local -a options=(--mode=root --variant=minbase --quiet
      # Without these two the step to a merged /usr drags in 47 MB of perl.
      --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include=usr-is-merged
      '--aptopt=Acquire::Languages "none"' '--aptopt=APT::Install-Recommends "false"')
    for folder in doc man locale info groff lintian; do
      options+=("--dpkgopt=path-exclude=/usr/share/$folder/*")
    done
    options+=('--dpkgopt=path-include=/usr/share/doc/*/copyright')
    local -a sources=("deb $main_source $suite main" "deb $main_source $suite-updates main")
    [ -z "$security_source" ] || sources+=("deb $security_source $suite-security main")
    TMPDIR=$work mmdebstrap "${options[@]}" "$suite" - "${sources[@]}" 2>"$work/bases-$suite.err" \
      | zstd -q -T0 -3 >"$tar.part" || { cat "$work/bases-$suite.err" >&2; return 1; }
    mv "$tar.part" "$tar"
  fi
  zstd -dc "$tar" \
    | docker import --change 'CMD ["bash"]' --change "LABEL $label=$key" - "$tag" >/dev/null
  log "$tag imported"
}

layer() { # dockerfile tag base
  local errors=$work/bases-${2//[^a-z0-9]/-}.err
  have "$2" && { log "$2 is there"; return; }
  # The classic builder: it takes its base from the engine without asking a registry for it.
  DOCKER_BUILDKIT=0 docker build -q --label "$label=$key" --build-arg "BASE=$3" -t "$2" -f "$1" . \
    >/dev/null 2>"$errors" || { cat "$errors" >&2; return 1; }
  log "$2 built"
}

bookworm() {
  rootfs bookworm debian:bookworm-slim || return 1
  case $want in *python311*) layer python.Dockerfile python:3.11-slim-bookworm debian:bookworm-slim || return 1 ;; esac
  case $want in *redis*) layer redis.Dockerfile redis:7-bookworm debian:bookworm-slim || return 1 ;; esac
}
trixie() {
  rootfs trixie debian:trixie-slim || return 1
  case $want in *prometheus*) layer prometheus.Dockerfile prom/prometheus:v2.53.3 debian:trixie-slim || return 1 ;; esac
  case $want in *alertmanager*) layer alertmanager.Dockerfile prom/alertmanager:v0.28.1 debian:trixie-slim || return 1 ;; esac
}

pids=()
case " $want " in *debian* | *python311* | *redis*) bookworm & pids+=($!) ;; esac
case " $want " in *debian* | *prometheus* | *alertmanager*) trixie & pids+=($!) ;; esac
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
[ "$failed" = 0 ] || die "failed; details in $work/bases-*.err"

# shellcheck disable=SC2086
docker save $tags | zstd -q -T0 -3 -f -o "$bundle.part" && mv "$bundle.part" "$bundle"
log "saved $bundle"
find "$cache" -maxdepth 1 -type f -mtime +21 -name '*.tar.zst' -delete 2>/dev/null || :
