#!/usr/bin/env bash
# The course's chat as npm's Socket.IO speaks it, seen by the server: Ada, Ben and Cleo in a room, Cleo's program is killed, then
# Ada's, who comes back. Needs Node and tests/chat/node_modules (npm ci).
. "$(dirname "$0")/lib.sh"
export NODE_PATH=$here/../../chat/node_modules
host server Ada Ben Cleo hub
on hub ip link add bridge type bridge
on hub ip link set bridge up
for pair in server=80 Ada=10 Ben=11 Cleo=12; do
    name=${pair%=*} number=${pair#*=}
    wire $name card 02:00:00:00:00:$number hub to$name 02:00:00:00:01:$number
    addresses $name card 192.0.2.$number/24
    on hub ip link set to$name master bridge
done
PORT=80 start server node -r "$here/anywhere.js" "$here/../../../lessons/chat/server.js"
ready server 80
COUNT=400 record_ours server card chat.pcapng -Y 'tcp or arp'
# enter NAME TRANSPORTS DESCRIPTOR: somebody comes in, and hears what is written there.
enter() {
    mkfifo "$work/$3"
    ip netns exec "$us-$1" node "$here/chat.js" "$1" "$2" <"$work/$3" >"$work/log-$3" 2>&1 &
    helpers+=($!)
    eval "exec $3>\"$work/$3\""
    sleep 1
}
enter Ada polling,websocket 5; echo join >&5; sleep 0.3
enter Ben polling,websocket 6; echo join >&6; sleep 0.3
enter Cleo websocket 7; echo join >&7; sleep 0.3
echo say Is everybody here? >&5; sleep 0.3
echo gone >&7; sleep 0.3
echo gone >&5; sleep 0.3
echo say Are you still there? >&6; sleep 0.3
enter Ada polling,websocket 8; echo join >&8; sleep 0.3
echo leave >&8; sleep 0.3; echo leave >&6
recorded 0.6
