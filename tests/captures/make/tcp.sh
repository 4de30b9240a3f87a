#!/usr/bin/env bash
# TCP when all is not well: one capture for each thing that can happen. `tcp.sh NAME` makes one, `tcp.sh` all.
names=(loss-sender loss-receiver no-sack timeout syn-lost reorder twice spurious zero-window keep-alive ports-reused
    refused fast-open urgent ecn one-way middle crossing snaplen)
if [ $# -ne 1 ]; then
    for name in "${names[@]}"; do "$0" "$name"; done
    exit
fi
. "$(dirname "$0")/lib.sh"

# talk WHAT [SIZE]: the server starts, and the client asks it.
talk() {
    start right python3 "$here/talk.py" serve "$@"
    sleep 0.4
    on left python3 "$here/talk.py" ask "$1" || true
}
# small: segments of 500 bytes, so that there are several and the file stays small.
small() {
    on left ip link set left0 mtu 552
    on right ip link set right0 mtu 552
}

file=tcp-$1.pcap
case $1 in
loss-sender) relayed '<:data:6:drop' '<:data:9:drop'; small; record right right0 "$file" tcp; talk send 12000 ;;
loss-receiver) relayed '<:data:6:drop' '<:data:9-10:drop'; small; record left left0 "$file" tcp; talk send 12000 ;;
no-sack)
    relayed '<:data:7:drop'; small
    on left sysctl -qw net.ipv4.tcp_sack=0 net.ipv4.tcp_timestamps=0
    record left left0 "$file" tcp; talk send 12000 ;;
timeout) relayed '<:data:4-7:drop' '>:fin:1:drop'; small; record right right0 "$file" tcp; talk send 2000 ;;
syn-lost) relayed '>:syn:1:drop' '<:syn:1:drop' '<:ack:1:drop'; record left left0 "$file" tcp; talk echo ;;
reorder) relayed '<:data:5:late=1' '<:data:9:late=3' '<:data:15:wait=60'; small; record left left0 "$file" tcp; talk send 9000 ;;
twice) relayed '<:data:4:twice' '>:data:1:twice' '>:ack:3:twice' '<:fin:1:twice'; small; record left left0 "$file" tcp; talk send 4000 ;;
spurious) relayed '>:ack:3-40:wait=500' '<:data:6:wait=450'; small; record right right0 "$file" tcp; talk send 4000 ;;
zero-window) pair; small; record right right0 "$file" tcp; talk window ;;
keep-alive) pair; record left left0 "$file" tcp; talk idle ;;
ports-reused) pair; record left left0 "$file" tcp; talk linger ;;
refused) pair; record left left0 "$file" tcp; on left python3 "$here/talk.py" ask echo 2>/dev/null || true ;;
fast-open)
    pair
    for h in left right; do on $h sysctl -qw net.ipv4.tcp_fastopen=3; done
    record left left0 "$file" tcp; talk fast-open ;;
urgent) pair; record left left0 "$file" tcp; talk urgent ;;
ecn)
    pair
    for h in left right; do on $h sysctl -qw net.ipv4.tcp_ecn=1; done
    # What a congested router would do: mark every third data segment.
    on right iptables -t mangle -A POSTROUTING -p tcp --sport 9000 -m length --length 100: -m statistic --mode nth \
        --every 3 --packet 0 -j TOS --set-tos 0x03/0x03
    small; record left left0 "$file" tcp; talk send 4000 ;;
one-way) relayed '<:data:5:drop'; small; record left left0 "$file" src host 192.0.2.1; talk send 6000 ;;
middle)
    pair
    start right python3 "$here/talk.py" serve idle
    sleep 0.4
    start left python3 "$here/talk.py" ask idle
    sleep 0.5
    record left left0 "$file" tcp
    sleep 4 ;;
crossing) relayed '>:fin:1:wait=50' '<:fin:1:wait=50'; record left left0 "$file" tcp; talk crossing ;;
snaplen) pair; small; record left left0 "$file" -s 80 tcp; talk send 3000 ;;
esac
recorded 1
