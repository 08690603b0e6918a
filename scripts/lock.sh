#!/usr/bin/env bash
# Pin all Python dependencies with their hashes. Run with Python 3.11, the oldest one supported.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
  .venv/bin/pip-compile -q --upgrade --allow-unsafe --generate-hashes --strip-extras --no-header \
    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file "$@"
}
compile requirements/service.txt --build-deps-for editable pyproject.toml
compile requirements/cluster.txt requirements/cluster.in
compile requirements/dev.txt requirements/dev.in
