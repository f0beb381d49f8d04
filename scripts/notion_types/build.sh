#!/bin/sh
# Writes .cache/notion.json: a JSON Schema for each type in wanted.ts. Needs npm and its registry,
# once; it does nothing while the schemas are newer than what they are made from.
set -eu
cd "$(dirname "$0")"
schemas=.cache/notion.json
mkdir -p .cache
# Several test workers ask at once: one makes them, the others wait and find them made.
if command -v flock >/dev/null; then
    exec 9>.cache/lock
    flock 9
fi
if [ -s "$schemas" ] && [ -z "$(find wanted.ts package.json tsconfig.json -newer "$schemas")" ]; then
    exit 0
fi
npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error >&2
node_modules/.bin/ts-json-schema-generator --path wanted.ts --tsconfig tsconfig.json \
    --type '*' --no-type-check --out "$schemas.part"
mv "$schemas.part" "$schemas"
