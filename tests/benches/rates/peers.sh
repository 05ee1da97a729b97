#!/usr/bin/env bash
# Installs the load generators that `make bench` compares bggo with, and the tools that count for it: those of Debian on this
# machine, the others into target/peers. What is missing is said in the table, and nothing else changes.
#
# k6 is measured where it is on the path. It is not installed here: it is under the AGPL.
set -euo pipefail
cd "$(dirname "$0")/../../.."

# command -> Debian package
need="nginx:nginx caddy:caddy wrk:wrk h2load:nghttp2-client strace:strace valgrind:valgrind taskset:util-linux node:nodejs npm:npm cc:gcc python3:python3 pip3:python3-pip redis-server:redis-server redis-benchmark:redis-tools kcat:kcat pgbench:postgresql java:default-jre-headless mvn:maven rabbitmqctl:rabbitmq-server"
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
[ -d "$folder/node_modules/socket.io-client" ] ||
    npm install --silent --no-audit --no-fund --prefix "$folder" autocannon@8.0.0 socket.io-client@4.8.4

# ghz, and loops on libraries of Go.
bin=$(realpath "$folder")/bin
mkdir -p "$bin"
scripts=$PWD/tests/benches/rates/scripts
[ -x "$bin/ghz" ] || GOBIN="$bin" "$(tests/go.sh)" install github.com/bojand/ghz/cmd/ghz@v0.120.0
# script, module with its version
loops="minio:github.com/minio/minio-go/v7@v7.4.1 grpc:google.golang.org/grpc@v1.85.0"
for pair in $loops; do
    name=${pair%%:*}
    if [ ! -x "$bin/${name}_loop" ] || [ "$scripts/$name.go" -nt "$bin/${name}_loop" ]; then
        go=$(tests/go.sh)
        rm -rf "$folder/$name"
        mkdir "$folder/$name"
        cp "$scripts/$name.go" "$folder/$name/main.go"
        (cd "$folder/$name" && "$go" mod init "${name}_loop" && "$go" get "${pair#*:}" && "$go" build -o "$bin/${name}_loop") \
            2>"$folder/$name/log" || { cat "$folder/$name/log" >&2; exit 1; }
    fi
done

# A loop on librdkafka. Its headers are a package of their own, which has no command.
if [ ! -x "$bin/rdkafka_loop" ] || [ "$scripts/rdkafka.c" -nt "$bin/rdkafka_loop" ]; then
    if [ ! -e /usr/include/librdkafka/rdkafka.h ]; then
        [ "$(id -u)" = 0 ] || { echo "the bench needs more; install it with: sudo apt-get install --no-install-recommends librdkafka-dev" >&2; exit 1; }
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends librdkafka-dev
    fi
    cc -O2 -Wall "$scripts/rdkafka.c" -lrdkafka -o "$bin/rdkafka_loop"
fi

# The load test of uWebSockets in C. A crate that binds its library has the sources.
if [ ! -x "$bin/uws_load_test" ] || [ "$scripts/uws.c" -nt "$bin/uws_load_test" ]; then
    mkdir -p "$folder/uws/src"
    : >"$folder/uws/src/lib.rs"
    printf '[package]\nname = "uws"\nedition = "2021"\n[dependencies]\nlibuwebsockets-sys = "=0.0.10"\n[workspace]\n' >"$folder/uws/Cargo.toml"
    (cd "$folder/uws" && cargo vendor --quiet >/dev/null)
    sources=$folder/uws/vendor/libuwebsockets-sys/uWebSockets
    library=$sources/uSockets/src
    cc -O3 -flto -w -DLIBUS_NO_SSL -I"$library" -I"$sources/benchmarks" "$scripts/uws.c" \
        "$library"/*.c "$library"/eventing/*.c "$library"/crypto/*.c -o "$bin/uws_load_test"
fi

# The official driver of MongoDB, in a loop.
if [ ! -x "$bin/mongo_loop" ] || [ "$scripts/mongo.rs" -nt "$bin/mongo_loop" ]; then
    mkdir -p "$folder/mongo/src"
    cp "$scripts/mongo.rs" "$folder/mongo/src/main.rs"
    printf '[package]\nname = "mongo_loop"\nversion = "0.0.0"\nedition = "2024"\n[dependencies]\nmongodb = { version = "=3.9.1", default-features = false, features = ["compat-3-3-0", "bson-3", "rustls-tls"] }\ntokio = { version = "1", features = ["macros", "rt"] }\n[profile.release]\nstrip = true\n[workspace]\n' >"$folder/mongo/Cargo.toml"
    (cd "$folder/mongo" && cargo build --quiet --release --target-dir build) >"$folder/mongo/log" 2>&1 || { cat "$folder/mongo/log" >&2; exit 1; }
    mv "$folder/mongo/build/release/mongo_loop" "$bin/mongo_loop"
    rm -rf "$folder/mongo/build"
fi

# PerfTest of RabbitMQ.
if [ ! -d "$folder/perf_test/libs" ]; then
    mkdir -p "$folder/perf_test"
    cp "$scripts/perf_test.xml" "$folder/perf_test/pom.xml"
    (cd "$folder/perf_test" && mvn -q -B -ntp dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$PWD/libs") >"$folder/perf_test/log" 2>&1 ||
        { cat "$folder/perf_test/log" >&2; rm -rf "$folder/perf_test/libs"; exit 1; }
fi
