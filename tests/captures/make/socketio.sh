#!/usr/bin/env bash
# Records npm's Socket.IO on the loopback interface: a server and one client that chats, sends bytes, is turned
# away from a namespace, leaves. Needs root, Node and npm.
#   tests/captures/make/socketio.sh 4 tests/captures/socketio.pcapng         a client of version 4 (EIO=4)
#   tests/captures/make/socketio.sh 2 tests/captures/socketio-v2.pcapng      a client of version 2 (EIO=3)
set -euo pipefail
client=$1 capture=$2 port=${3:-3000} here=$(cd "$(dirname "$0")" && pwd)
tutor=$here/../../../target/debug/osi-tutor
modules=${MODULES:-$(mktemp -d)}
if [ ! -d "$modules/node_modules/socket.io" ]; then
    npm install --silent --no-audit --no-fund --prefix "$modules" \
        socket.io@4.8.1 socket.io-client@4.8.1 socket.io-client-2@npm:socket.io-client@2.5.0
fi
export NODE_PATH=$modules/node_modules
node "$here/socketio-server.js" "$port" & server=$!
"$tutor" capture lo -Y "tcp.port == $port" -w "$capture" >/dev/null & recorder=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
sleep 1
node "$here/socketio-client.js" "$port" "$client"
sleep 0.5
kill -INT "$recorder"
wait "$recorder" || true
