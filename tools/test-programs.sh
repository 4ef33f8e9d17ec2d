#!/usr/bin/env bash
# Brings the programs that tests start and this machine does not have: unpacked from Debian's
# packages into an environment, without root, where apt-get is there and reaches its packages.
#   tools/test-programs.sh .venv
# What cannot be brought is said, and is not an error: tests that need it are skipped, except in CI.
set -uo pipefail
venv=$1
programs=$venv/programs
# Program, the packages that it comes with, and where it is in them (its own name if not said).
table='promtool prometheus
prometheus prometheus
amtool prometheus-alertmanager
prometheus-alertmanager prometheus-alertmanager
redis-server redis-server
openssl openssl
curl curl
cc tcc,libc6-dev,linux-libc-dev tcc'

# Debian's does not run where it is unpacked: it reads files of its own by their whole paths.
rooted='node nodejs'

has() { PATH=$PATH:$programs/bin command -v "$1" >/dev/null; }
missing() { while read -r program packages binary; do has "$program" || echo "$program $packages ${binary:-$program}"; done <<<"$table"; }

name_rooted() {
  while read -r program package; do
    has "$program" || echo "Not here: $program; install Debian's package $package" >&2
  done <<<"$rooted"
}
trap name_rooted EXIT

wanted=$(missing)
[ -n "$wanted" ] || exit 0
list=$(cut -d' ' -f1 <<<"$wanted" | xargs)
if ! command -v apt-get >/dev/null; then
  echo "Not here, and not to be had without Debian's packages: $list" >&2
  exit 0
fi
echo "Bringing $list from Debian's packages into $programs"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"; name_rooted' EXIT
mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial" "$programs/root" "$programs/bin"
# Lists and archives of our own: the machine's may be missing, old or not ours to write.
apt=(apt-get -qq -o Debug::NoLocking=1 -o "Dir::State::Lists=$scratch/lists" -o "Dir::Cache=$scratch/cache"
  -o APT::Update::Post-Invoke-Success::= -o APT::Update::Post-Invoke::= -o APT::Sandbox::User=
  -o Acquire::http::Timeout=10 -o Acquire::Retries=1)
mapfile -t packages < <(cut -d' ' -f2 <<<"$wanted" | tr , '\n' | sort -u)
if ! { "${apt[@]}" update && "${apt[@]}" install --yes --download-only --no-install-recommends \
  "${packages[@]}"; } >"$scratch/log" 2>&1; then
  tail -n 3 "$scratch/log" >&2
  echo "Not brought: $list" >&2
  exit 0
fi
for archive in "$scratch"/cache/archives/*.deb; do
  dpkg-deb --extract "$archive" "$programs/root"
done
rm -rf "$programs/root/usr/share"

triplet=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_config_var("MULTIARCH"))')
while read -r program _ binary; do
  arguments= prepare=:
  # A small compiler, for libraries whose program brings what they link to: it has its headers
  # where it was unpacked.
  [ "$binary" != tcc ] || arguments="-B\$root/usr/lib/$triplet/tcc -nostdlib -nostdinc -I\$root/usr/lib/$triplet/tcc/include -I\$root/usr/include/$triplet -I\$root/usr/include"
  [ "$binary" != tcc ] ||
    prepare='for word; do shift; case $word in -l*) ;; *) set -- "$@" "$word" ;; esac; done'
  [ "$binary" != tcc ] || prepare+="; set -- \"\$@\" \"\$(dirname \"\$0\")/../root/usr/lib/$triplet/tcc/libtcc1.a\""
  cat >"$programs/bin/$program" <<EOF
#!/bin/sh
$prepare
root=\$(cd "\$(dirname "\$0")/../root" && pwd)
LD_LIBRARY_PATH=\$root/usr/lib/$triplet:\$root/lib/$triplet exec "\$root/usr/bin/$binary" $arguments "\$@"
EOF
  chmod +x "$programs/bin/$program"
done <<<"$wanted"
