# Sourced by every script here: hosts, each a network namespace of its own, and a way to record what they say.
# Nothing leaves these namespaces. Needs root, iproute2, ethtool, tcpdump and python3.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${OUT:-$here/..}
work=$(mktemp -d /run/lesson.XXXX) us=ot-$$
recorders=() helpers=() hosts=()
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

# Ends what this script started, and nothing else.
cleanup() {
    local pid host
    for pid in "${recorders[@]}" "${helpers[@]}"; do kill "$pid" 2>/dev/null || true; done
    for host in "${hosts[@]}"; do ip netns del "$host" 2>/dev/null || true; done
    rm -rf "$work"
}
trap cleanup EXIT

# on HOST COMMAND…: runs it there.
on() { local host=$1; shift; ip netns exec "$us-$host" "$@"; }
# start HOST COMMAND…: the same in the background, until the script ends.
start() {
    local host=$1; shift
    ip netns exec "$us-$host" "$@" >"$work/log" 2>&1 &
    helpers+=($!)
}
# ready HOST PORT: waits until a program listens there.
ready() {
    local tries
    for tries in {1..50}; do
        on "$1" ss -Hltnu | grep -q ":$2 " && return
        sleep 0.1
    done
    echo "nothing listens at port $2" >&2
    return 1
}
# host NAME…: makes them, with nothing but loopback.
host() {
    local name
    for name; do
        ip netns add "$us-$name"
        hosts+=("$us-$name")
        on "$name" ip link set lo up
        on "$name" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0 \
            net.ipv6.conf.default.mldv1_unsolicited_report_interval=60000
    done
}
# wire HOST IFACE MAC HOST IFACE MAC: a cable; the kernel computes each checksum and joins no segments.
wire() {
    ip link add "$2" netns "$us-$1" address "$3" type veth peer name "$5" netns "$us-$4" address "$6"
    local end
    for end in "$1 $2" "$4 $5"; do
        on ${end% *} ethtool -K ${end#* } tx off tso off gso off gro off sg off >/dev/null 2>&1 || true
        on ${end% *} ip link set ${end#* } up
    done
}
# addresses HOST IFACE ADDRESS…
addresses() {
    local name=$1 iface=$2 address; shift 2
    for address; do on "$name" ip addr add "$address" dev "$iface" $([[ $address == *:* ]] && echo nodad); done
}
# pair: left and right on one cable.
pair() {
    host left right
    wire left left0 02:00:00:00:00:01 right right0 02:00:00:00:00:02
    addresses left left0 192.0.2.1/24 2001:db8::1/64
    addresses right right0 192.0.2.2/24 2001:db8::2/64
}
# relayed RULE…: left and right with relay.py between them; its rules say what it loses, delays or repeats.
relayed() {
    host left middle right
    wire left left0 02:00:00:00:00:01 middle middle0 02:00:00:00:00:f1
    wire right right0 02:00:00:00:00:02 middle middle1 02:00:00:00:00:f2
    addresses left left0 192.0.2.1/24
    addresses right right0 192.0.2.2/24
    on left ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev left0
    on right ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev right0
    start middle python3 "$here/relay.py" middle0 middle1 "$@"
    sleep 0.3
}
# routed: left in one network, right in another, a router between them.
routed() {
    host left router right
    wire left left0 02:00:00:00:00:01 router router0 02:00:00:00:00:e1
    wire right right0 02:00:00:00:00:02 router router1 02:00:00:00:00:e2
    addresses left left0 192.0.2.1/24 2001:db8:1::1/64
    addresses router router0 192.0.2.254/24 2001:db8:1::fe/64
    addresses router router1 198.51.100.254/24 2001:db8:2::fe/64
    addresses right right0 198.51.100.2/24 2001:db8:2::2/64
    on router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    on left ip route add default via 192.0.2.254
    on left ip -6 route add default via 2001:db8:1::fe
    on right ip route add default via 198.51.100.254
    on right ip -6 route add default via 2001:db8:2::fe
}
# record HOST IFACE FILE [ARGUMENTS OF TCPDUMP…]: at most 100 packets.
record() {
    local name=$1 iface=$2 file=$3; shift 3
    ip netns exec "$us-$name" timeout 60 tcpdump -Z root -n -U --immediate-mode -i "$iface" -c "${COUNT:-100}" -w "$out/$file" "$@" \
        2>"$work/$file.log" &
    recorders+=($!)
    until grep -qs 'listening on' "$work/$file.log"; do sleep 0.05; done
}
# record_ours HOST IFACE FILE [ARGUMENTS OF OSI-TUTOR…]: the same by the program that is tested.
record_ours() {
    local name=$1 iface=$2 file=$3; shift 3
    rm -f "$out/$file"
    ip netns exec "$us-$name" "${OSI_TUTOR:-$here/../../../target/debug/osi-tutor}" capture "$iface" --brief \
        -c "${COUNT:-100}" --duration 60 -w "$out/$file" "$@" >"$work/$file.log" 2>&1 &
    recorders+=($!)
    sleep 1
}
# recorded: the last packets have passed.
recorded() {
    local pid
    sleep "${1:-0.4}"
    for pid in "${recorders[@]}"; do kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; done
    recorders=()
}
