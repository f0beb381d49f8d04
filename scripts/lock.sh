#!/bin/sh
# Writes the locks anew. They hold hashes and name no index host.
set -eu
cd "$(dirname "$0")/.."
compile() {
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --no-header --custom-compile-command 'make lock' "$@"
}
compile pyproject.toml --group pyproject.toml:build -o requirements/run.txt
compile --group pyproject.toml:offline -c requirements/run.txt -o requirements/offline.txt
compile --group pyproject.toml:dev -c requirements/run.txt -o requirements/dev.txt
