#!/usr/bin/env bash
# Builds the project's images with podman and runs them against the services of deploy/local: no
# registry and no container engine's daemon is needed, but root and Debian are. The images get the
# tag `check`, and stay; their base is made by debootstrap, unless BASE_IMAGE names one.
#
#   tools/check_containers.sh             build the images around build/release/calve, run the tests
#   tools/check_containers.sh --compile   compile the program inside its image instead (long)
#   tools/check_containers.sh --images    only build the images
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'check_containers: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

compile= tests=1
for option in "$@"; do
  case $option in
    --compile) compile=1 ;;
    --images) tests= ;;
    *) fail "there is no option $option; there are --compile and --images" ;;
  esac
done
[ "$(id -u)" -eq 0 ] || fail "run as root: debootstrap and podman's network need it"

tools/setup.sh --containers
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Limits above those of this machine, and networks of their own, are often not allowed.
export CONTAINERS_CONF=$PWD/tests/containers/containers.conf
base=${BASE_IMAGE:-localhost/calve-debian:12}

# Debian 12 as a machine like this one gets it: its package sources, its certificates, its pip.
make_base() {
  say "making $base by debootstrap"
  local root=$scratch/root mirror
  mirror=$({ cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list || true; } 2>/dev/null |
    awk '$1 == "URIs:" { print $2; exit } $1 == "deb" { print $(NF > 3 && $2 ~ /^\[/ ? 3 : 2); exit }')
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root" ${mirror:+"$mirror"} \
    >"$scratch/debootstrap.log" || fail "debootstrap failed: $(tail -n 3 "$scratch/debootstrap.log")"
  find /usr/local/share/ca-certificates -name '*.crt' \
    -exec cp {} "$root/usr/local/share/ca-certificates/" \; 2>/dev/null || true
  chroot "$root" update-ca-certificates >/dev/null 2>&1
  if [ -e /etc/pip.conf ]; then cp /etc/pip.conf "$root/etc/"; fi
  if [ -e /etc/apt/sources.list.d/debian.sources ]; then
    cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/"
    : >"$root/etc/apt/sources.list"
  fi
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* \
    "$root"/usr/share/{doc,man,info,locale}
  tar -C "$root" -c . | podman import --quiet - "$base" >/dev/null
  rm -rf "$root"
}

# The names of the images are those of the targets; a name alone is one of localhost's.
build() {
  say "building $1"
  podman build --quiet --build-arg BASE="$base" "${@:2}" -t "$1:check" . >/dev/null ||
    fail "podman could not build the image $1"
}

podman image exists "$base" || make_base
context=()
if [ -z "$compile" ]; then
  [ -x build/release/calve ] || fail "there is no build/release/calve: run make build, or give --compile"
  cmake --install build/release --prefix "$scratch/build/out/usr/local" --strip >/dev/null
  context=(--build-context "build=$scratch/build")
fi
for name in calve audit-log-extractor iceberg-ingestor data-generator; do
  build "$name" ${context[@]+"${context[@]}"} --target "$name" -f deploy/docker/calve.Dockerfile
done
if [ -e airflow/pyproject.toml ]; then
  build calve-airflow --build-arg CALVE=localhost/calve:check -f deploy/docker/airflow.Dockerfile
fi
if [ -n "$tests" ]; then
  CALVE_IMAGES_BUILT=1 .venv/bin/python -m pytest -q -m slow tests/containers
fi
