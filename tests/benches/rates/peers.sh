#!/usr/bin/env bash
# Installs the load generators that `make bench` compares bggo with, and the tools that count for it: those of Debian on this
# machine, the others into target/peers. What is missing is said in the table, and nothing else changes.
#
# k6 is measured where it is on the path. It is not installed here: it is under the AGPL.
set -euo pipefail
cd "$(dirname "$0")/../../.."

# command -> Debian package
need="nginx:nginx caddy:caddy wrk:wrk h2load:nghttp2-client strace:strace valgrind:valgrind taskset:util-linux node:nodejs npm:npm"
missing=()
for pair in $need; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${pair%%:*}" ] || missing+=("${pair##*:}")
done
if [ "${#missing[@]}" -gt 0 ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "the bench needs more programs; install them with:" >&2
        echo "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

folder="${CARGO_TARGET_DIR:-target}/peers"
mkdir -p "$folder"
[ -x "$folder/bin/oha" ] || cargo install --quiet --locked --root "$folder" oha@1.16.0
[ -d "$folder/node_modules/autocannon" ] || npm install --silent --no-audit --no-fund --prefix "$folder" autocannon@8.0.0
