#!/usr/bin/env bash
# Packs the extension into target/bggo.vsix. Its packages are installed once for each package-lock.json; without that it
# needs no network.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=target/vscode
mkdir -p "$folder"
(cd editors/vscode && tar -cf - --exclude=node_modules --exclude=pack.sh .) | tar -xf - -C "$folder"
cp LICENSE "$folder/"
cd "$folder"
if ! cmp -s package-lock.json ../vscode.lock.json; then
    npm ci --silent --ignore-scripts --no-audit --no-fund ||
        { echo "could not install the packages of the extension from npm" >&2; exit 1; }
    cp package-lock.json ../vscode.lock.json
fi
./node_modules/.bin/vsce package --allow-missing-repository --skip-license --out ../bggo.vsix
