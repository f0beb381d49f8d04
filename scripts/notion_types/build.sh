#!/bin/sh
# Writes .cache/notion.json: a JSON Schema for each type in wanted.ts. Needs npm and its registry,
# once; it does nothing while the schemas are newer than what they are made from.
set -eu
cd "$(dirname "$0")"
schemas=.cache/notion.json
if [ -s "$schemas" ] && [ -z "$(find wanted.ts package.json tsconfig.json -newer "$schemas")" ]; then
    exit 0
fi
npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error >&2
mkdir -p .cache
node_modules/.bin/ts-json-schema-generator --path wanted.ts --tsconfig tsconfig.json \
    --type '*' --no-type-check --out "$schemas.part"
mv "$schemas.part" "$schemas"
