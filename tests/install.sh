#!/usr/bin/env bash
# Installs what the tests need and is not there: servers and tools of Debian, servers of S3 and of gRPC built by Go, Kafka and a server of MongoDB's protocol
# from Maven Central, mermaid's parser from npm, and readers of HdrHistogram's logs from npm, PyPI and Maven Central.
# Where it may not install, it prints the command and fails.
set -euo pipefail
cd "$(dirname "$0")/.."

# command -> Debian package
need="nvim:neovim nginx:nginx caddy:caddy dot:graphviz wrk:wrk openssl:openssl curl:curl unshare:util-linux node:nodejs npm:npm nm:binutils readelf:binutils python3:python3 pip3:python3-pip java:default-jre-headless mvn:maven redis-server:redis-server pgbench:postgresql pgbouncer:pgbouncer rabbitmqctl:rabbitmq-server kcat:kcat javac:default-jdk-headless"
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

# A server of S3, built from the module proxy of Go: Debian has none.
servers=target/servers
if [ ! -x "$servers/versitygw" ]; then
    mkdir -p "$servers"
    go=$(tests/go.sh)
    GOBIN="$PWD/$servers" "$go" install github.com/versity/versitygw/cmd/versitygw@v1.8.0 ||
        { echo "could not build versitygw; run: GOBIN=\$PWD/$servers go install github.com/versity/versitygw/cmd/versitygw@v1.8.0" >&2; exit 1; }
fi

# The server of gRPC's interoperability tests, of grpc-go.
servers=target/servers/interop
source=$PWD/tests/src/server/interop.go
if [ ! -x "$servers/interop" ] || [ "$source" -nt "$servers/interop" ]; then
    rm -rf "$servers"
    mkdir -p "$servers"
    cp "$source" "$servers/main.go"
    go=$(tests/go.sh)
    (cd "$servers" && "$go" mod init interop && "$go" get google.golang.org/grpc/interop@v1.85.0 && "$go" build -buildvcs=false -o interop .) >"$servers/log" 2>&1 ||
        { cat "$servers/log" >&2; echo "could not build the server of gRPC's interoperability tests" >&2; exit 1; }
fi

# Kafka from Maven Central; a folder of data of which each broker gets a copy, with a user for SCRAM; and an archive of its classes, with which
# it starts in two thirds of the time.
servers=target/servers/kafka
if [ ! -f "$servers/classes.jsa" ]; then
    rm -rf "$servers"
    mkdir -p "$servers"
    cp tests/src/server/kafka.xml "$servers/pom.xml"
    (
        cd "$servers"
        mvn -q -B -ntp dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$PWD/libs"
        cat >properties <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:59093
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:59092,CONTROLLER://127.0.0.1:59093
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$PWD/formatted
END
        java="java -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        $java -cp "$PWD/libs/*" kafka.tools.StorageTool format -t AAAAAAAAAAAAAAAAAAAAAA -c properties \
            --add-scram 'SCRAM-SHA-256=[name=lt,password=sekret]' --add-scram 'SCRAM-SHA-512=[name=lt,password=sekret]'
        # A broker that ran once, with a copy of the folder, writes the archive when it ends.
        cp -r formatted once
        sed "s#formatted#once#" properties >once.properties
        $java -XX:ArchiveClassesAtExit=classes.jsa -cp "$PWD/libs/*" kafka.Kafka once.properties &
        until kcat -b 127.0.0.1:59092 -L -m 2 >/dev/null 2>&1; do kill -0 $!; done
        kill -TERM $!
        wait $! || true
        rm -rf once
        test -f classes.jsa
    ) >"$servers.log" 2>&1 || { cat "$servers.log" >&2; echo "could not install Kafka from Maven Central" >&2; exit 1; }
fi

# mermaid's own parser, into a folder that git ignores.
folder=target/npm
if [ ! -d "$folder/node_modules/mermaid" ]; then
    mkdir -p "$folder"
    npm install --silent --no-audit --no-fund --prefix "$folder" mermaid@11 jsdom@26 ||
        { echo "could not install mermaid from npm; run: npm install --prefix $folder mermaid@11 jsdom@26" >&2; exit 1; }
fi

# Readers of HdrHistogram's logs, which must open a result file: beside the others.
readers=target/readers
if [ ! -d "$readers/node_modules/hdr-histogram-js" ]; then
    mkdir -p "$readers"
    npm install --silent --no-audit --no-fund --prefix "$readers" hdr-histogram-js@3 ||
        { echo "could not install hdr-histogram-js from npm" >&2; exit 1; }
fi
if [ ! -d "$readers/python/hdrh" ]; then
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$readers/python" hdrhistogram==0.10.8 ||
        { echo "could not install hdrhistogram from PyPI" >&2; exit 1; }
fi
if [ ! -f "$readers/HdrHistogram-2.2.2.jar" ]; then
    mvn -q dependency:copy -Dartifact=org.hdrhistogram:HdrHistogram:2.2.2 -DoutputDirectory="$PWD/$readers" ||
        { echo "could not get HdrHistogram from Maven Central" >&2; exit 1; }
fi

# Servers of WebSocket and of Socket.IO of other implementations.
servers=target/servers/node
if [ ! -d "$servers/node_modules/ws" ] || [ ! -d "$servers/node_modules/socket.io" ]; then
    mkdir -p "$servers"
    npm install --silent --no-audit --no-fund --prefix "$servers" ws@8 socket.io@4 ||
        { echo "could not install ws and socket.io from npm; run: npm install --prefix $servers ws@8 socket.io@4" >&2; exit 1; }
fi

# A server of gRPC of another implementation.
servers=target/servers/python
if [ ! -d "$servers/grpc_reflection" ]; then
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$servers" grpcio==1.85.1 grpcio-reflection==1.85.1 ||
        { echo "could not install grpcio from PyPI; run: python3 -m pip install --target $servers grpcio==1.85.1 grpcio-reflection==1.85.1" >&2; exit 1; }
fi

# A server of MongoDB's protocol, with a launcher of ours, and a client of it of another implementation.
servers=target/servers/mongo
source=$PWD/tests/src/server/Mongo.java
if [ ! -f "$servers/Mongo.class" ] || [ "$source" -nt "$servers/Mongo.class" ]; then
    rm -rf "$servers"
    mkdir -p "$servers"
    cat >"$servers/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tests</groupId>
  <artifactId>mongo</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>de.bwaldvogel</groupId>
      <artifactId>mongo-java-server</artifactId>
      <version>1.47.0</version>
    </dependency>
  </dependencies>
</project>
POM
    (cd "$servers" && mvn -q dependency:copy-dependencies -DoutputDirectory=libs && javac -cp 'libs/*' -d . "$source") ||
        { echo "could not get mongo-java-server from Maven Central" >&2; exit 1; }
fi
if [ ! -d target/servers/python/pymongo ]; then
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target target/servers/python pymongo==4.20.0 ||
        { echo "could not install pymongo from PyPI; run: python3 -m pip install --target target/servers/python pymongo==4.20.0" >&2; exit 1; }
fi

# What colours grids in editors: VS Code's reader of grammars, and tree-sitter with its grammar of HCL.
editors=target/editors
if [ ! -d "$editors/node_modules/web-tree-sitter" ]; then
    mkdir -p "$editors"
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$editors" vscode-textmate@9 vscode-oniguruma@2 \
        web-tree-sitter@0.25 @tree-sitter-grammars/tree-sitter-hcl@1.2 ||
        { echo "could not install readers of grammars from npm" >&2; exit 1; }
fi
# The extension of VS Code, whose packages are installed with it.
editors/vscode/pack.sh >/dev/null
