#!/usr/bin/env bash
# Installs what the tests need and is not there: servers and tools of Debian, and mermaid's parser from npm.
# Where it may not install, it prints the command and fails.
set -euo pipefail
cd "$(dirname "$0")/.."

# command -> Debian package
need="nginx:nginx dot:graphviz wrk:wrk openssl:openssl curl:curl unshare:util-linux node:nodejs npm:npm nm:binutils readelf:binutils"
missing=()
for pair in $need; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${pair%%:*}" ] || missing+=("${pair##*:}")
done
if [ "${#missing[@]}" -gt 0 ]; then
    if [ "$(id -u)" = 0 ]; then
        # No server may start by itself on a machine that only wants to test.
        policy=/usr/sbin/policy-rc.d
        if [ ! -e "$policy" ]; then
            printf '#!/bin/sh\nexit 101\n' >"$policy"
            chmod +x "$policy"
            trap 'rm -f "$policy"' EXIT
        fi
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
    else
        echo "the tests need more programs; install them with:" >&2
        echo "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
fi

# mermaid's own parser, into a folder that git ignores.
folder=target/npm
if [ ! -d "$folder/node_modules/mermaid" ]; then
    mkdir -p "$folder"
    npm install --silent --no-audit --no-fund --prefix "$folder" mermaid@11 jsdom@26 ||
        { echo "could not install mermaid from npm; run: npm install --prefix $folder mermaid@11 jsdom@26" >&2; exit 1; }
fi
