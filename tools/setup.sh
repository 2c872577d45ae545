#!/usr/bin/env bash
# Installs what Calve needs to build and to test on Debian 12: Debian packages, and a virtual
# environment .venv with the pinned Python packages. Says what it installs; a second run finds
# everything in place and installs nothing. With --program only what building `calve` needs, as in
# a container; with --clang also what the presets `asan` and `tsan` need; with --services what
# deploy/local/stack fetches programs by, and the environments of programs whose packages don't
# agree with ours, .venv/environments/<name>; with --containers what tools/check_containers.sh
# builds and runs images by; with --spark what the slow tests of Spark need.
set -euo pipefail
cd "$(dirname "$0")/.."

# Kept in step with cmake/Dependencies.cmake, which gives each library's reason.
packages=(
  g++ cmake ninja-build ccache mold pkg-config python3 python3-venv
  libfmt-dev libspdlog-dev nlohmann-json3-dev libyaml-cpp-dev libcli11-dev
  libsqlite3-dev libpq-dev libssl-dev libcurl4-openssl-dev libpugixml-dev
  zlib1g-dev libzstd-dev
)
test_packages=(git make libgtest-dev libgmock-dev librapidcheck-dev postgresql-15)
requirements=(requirements/*.txt)

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

environments=()
for option in "$@"; do
  case $option in
    --program) test_packages=(); requirements=(requirements/build.txt) ;;
    --clang) packages+=(clang-16 libclang-rt-16-dev llvm-16) ;;
    --services) packages+=(maven); environments+=(dbt airflow) ;;
    --containers) packages+=(podman buildah runc debootstrap iproute2) ;;
    --spark) packages+=(maven openjdk-17-jre-headless); environments+=(spark) ;;
    *) fail "there is no option $option; there are --program, --clang, --services, --containers and --spark" ;;
  esac
done

install_packages() {
  local missing=() package
  for package in "${packages[@]}" ${test_packages[@]+"${test_packages[@]}"}; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' ||
      missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null ||
    fail "needs Debian 12 or a relative with apt-get; missing here: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "run as root, or install sudo; missing packages: ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  # PostgreSQL's package would otherwise start a server of its own on port 5432.
  "${as_root[@]}" mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] ||
    echo 'create_main_cluster = false' |
      "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt-get could not install: ${missing[*]}"
}

install_python_packages() {
  local wanted stamp=.venv/installed-requirements.txt
  wanted=$(cat "${requirements[@]}")
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return
  say "installing Python packages into .venv: $(grep -hv '^#' "${requirements[@]}" | tr '\n' ' ')"
  [ -x .venv/bin/python ] || python3 -m venv .venv
  local lists=() list
  for list in "${requirements[@]}"; do lists+=(-r "$list"); done
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "${lists[@]}" ||
    fail "pip could not install the packages of requirements/; is a package index reachable?"
  printf '%s\n' "$wanted" > "$stamp"
}

install_environment() {
  local folder=.venv/environments/$1 list=requirements/environments/$1.txt wanted
  wanted=$(cat "requirements/environments/$1"*.txt)
  [ "$(cat "$folder/installed-requirements.txt" 2>/dev/null)" = "$wanted" ] && return
  say "installing Python packages into $folder: $(grep -hv '^[#-]' "$list" | tr '\n' ' ')"
  [ -x "$folder/bin/python" ] || python3 -m venv "$folder"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$list" ||
    fail "pip could not install the packages of $list; is a package index reachable?"
  printf '%s\n' "$wanted" > "$folder/installed-requirements.txt"
}

# Sources of libraries that are built with the project, from Python packages that carry them.
install_sources() {
  local wanted stamp=.venv/src/installed-sources.txt folder
  wanted=$(cat requirements/sources/*.txt)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return
  say "fetching the source of simdjson into .venv/src"
  folder=$(mktemp -d)
  .venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps \
    --no-binary pysimdjson --require-hashes -d "$folder" -r requirements/sources/simdjson.txt ||
    fail "pip could not fetch simdjson's source; is a package index reachable?"
  mkdir -p .venv/src/simdjson
  tar xzf "$folder"/pysimdjson-*.tar.gz -C .venv/src/simdjson --strip-components=2 \
    --wildcards '*/simdjson/simdjson.h' '*/simdjson/simdjson.cpp'
  rm -rf "$folder"
  printf '%s\n' "$wanted" > "$stamp"
}

install_packages
install_python_packages
install_sources
for name in ${environments[@]+"${environments[@]}"}; do install_environment "$name"; done
say "ready"
