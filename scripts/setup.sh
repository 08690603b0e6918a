#!/usr/bin/env bash
# Install what is missing: Debian packages, .venv (the service) and .tools (the tools' environment).
# Usage: scripts/setup.sh service|cluster|test. Each includes those before it: the service on one machine, Ansible for
# a cluster, tests and checks. Done parts are recognised by the content they were made from.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:?usage: scripts/setup.sh service|cluster|test}

say() { printf '%s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

case $purpose in
  service) purposes=(service) fitting=(service cluster test) ;;
  cluster) purposes=(service cluster) fitting=(cluster test) ;;
  test) purposes=(service cluster test) fitting=(test) ;;
  *) fail "there is no purpose $purpose, only service, cluster and test" ;;
esac

debian_release() { . /etc/os-release; printf '%s' "${VERSION_ID:-}"; }
release=$(debian_release)

listed_packages() {
  awk -v purposes=" ${purposes[*]} " -v release="$release" '
    /^#/ || NF == 0 { next }
    index(purposes, " " $2 " ") && ($3 == "" || $3 == release) { print $1 }' packages.apt
}

is_installed() { [[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) == "install ok installed" ]]; }

as_root() {
  if ((EUID == 0)); then "$@"
  elif [[ -t 0 ]]; then sudo "$@"
  else sudo -n "$@"; fi
}

install_packages() {
  local missing=() package
  for package in $(listed_packages); do is_installed "$package" || missing+=("$package"); done
  ((${#missing[@]})) || return 0
  say "Installing Debian packages: ${missing[*]}"
  ((EUID == 0)) || command -v sudo >/dev/null || ask_administrator "${missing[@]}"
  as_root apt-get update -qq || ask_administrator "${missing[@]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    ask_administrator "${missing[@]}"
}

ask_administrator() { fail "cannot install packages here. As root, run:  apt-get install -y $*  and then this again."; }

packages() {
  command -v dpkg-query >/dev/null || fail "this is not Debian 12 or 13. Install by hand: $(listed_packages | tr '\n' ' ')"
  install_packages
}

usable_python() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  local name
  for name in python3.13 python3.12 python3.11 python3 /usr/bin/python3; do
    if usable_python "$name"; then command -v "$name"; return; fi
  done
  fail "no Python of 3.11 or newer with its venv module was found. Install one and run this again."
}

# made DIR FINGERPRINT: whether DIR was made from exactly this.
made() { [[ -f $1/.made-from && $(<"$1/.made-from") == "$2" ]]; }

fingerprint() { cat "$@" | sha256sum | cut -d ' ' -f 1; }

requirements_of() {
  case $1 in
    service) printf '%s\n' requirements/service.txt ;;
    cluster) printf '%s\n' requirements/service.txt requirements/cluster.txt ;;
    test) printf '%s\n' requirements/dev.txt ;;
  esac
}

# environment_for PURPOSE: what .venv is made from when it serves that purpose.
environment_for() {
  local files
  mapfile -t files < <(requirements_of "$1")
  printf '%s' "$PWD $(fingerprint "${files[@]}" pyproject.toml)"
}

service_environment() {
  local enough requirements
  for enough in "${fitting[@]}"; do made .venv "$(environment_for "$enough")" && return; done
  usable_python .venv/bin/python || { rm -rf .venv; "$(find_python)" -m venv .venv; }
  mapfile -t requirements < <(requirements_of "$purpose")
  say "Installing into .venv: ${requirements[*]}"
  .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes "${requirements[@]/#/--requirement=}"
  .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
  printf '%s' "$(environment_for "$purpose")" >.venv/.made-from
}

tools_environment() {
  local requirements="requirements/tools-debian$release.txt" wanted
  [[ -f $requirements ]] || fail "there is no $requirements: the tools run on Debian 12 and 13."
  wanted="$PWD $(/usr/bin/python3 -V) $(fingerprint "$requirements")"
  made .tools "$wanted" && return
  say "Installing the tools into .tools ($requirements)"
  rm -rf .tools
  /usr/bin/python3 -m venv --system-site-packages .tools
  .tools/bin/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r "$requirements"
  printf '%s\n' "$PWD" >"$(.tools/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/lmsvc.pth"
  printf '%s' "$wanted" >.tools/.made-from
}

packages
service_environment
tools_environment
scripts/frontend.sh
[[ $purpose != cluster ]] || say "Ready. Enter the environment with:  source .venv/bin/activate"
