#!/usr/bin/env bash
# Link and network layer: who is there, which way, and what goes wrong on it. `net.sh NAME` makes one, `net.sh` all.
names=(arp ping ping-fragments ping6-fragments errors errors6 too-big traceroute neighbours router-advert multicast vlan
    qinq stp vxlan gre ipip 6in4 ipip6 gre6 any any-v2 extensions options cut)
if [ $# -ne 1 ]; then
    for name in "${names[@]}"; do "$0" "$name"; done
    exit
fi
. "$(dirname "$0")/lib.sh"
python=${SCAPY_PYTHON:-python3}

# tunnel PROTOCOL OUTER_LEFT OUTER_RIGHT: one between left and right, 198.51.100.1 and .2 (2001:db8:9::1 and ::2) inside.
tunnel() {
    start left python3 "$here/tunnel.py" tunnel0 "$1" "$2" "$3"
    start right python3 "$here/tunnel.py" tunnel0 "$1" "$3" "$2"
    local h n=1
    for h in left right; do
        until on $h ip link show tunnel0 >/dev/null 2>&1; do sleep 0.1; done
        on $h ip link set tunnel0 up mtu 1400
        on $h ip addr add 198.51.100.$n/24 dev tunnel0 2>/dev/null
        on $h ip -6 addr add 2001:db8:9::$n/64 dev tunnel0 nodad 2>/dev/null
        n=2
    done
}
# tagged TAG…: a VLAN between left and right, 198.51.100.1 and .2 inside.
tagged() {
    local h n=1
    for h in left right; do
        start $h python3 "$here/tag.py" tap0 02:00:00:00:0a:0$n ${h}0 "$@"
        until on $h ip link show tap0 >/dev/null 2>&1; do sleep 0.1; done
        sleep 0.3
        on $h ip link set tap0 up
        addresses $h tap0 198.51.100.$n/24
        n=2
    done
}
# An echo server of datagrams.
echoes() { start right socat -T2 UDP4-RECVFROM:9000,fork EXEC:cat; sleep 0.3; }
ask() { echo hello | on left socat -t 0.3 - UDP4:"$1":9000; }

case $1 in
arp)
    pair; record_ours left left0 arp.pcapng -Y arp
    on left ping -c 1 -q 192.0.2.2
    on left arping -c 2 -q -I left0 192.0.2.2
    on left arping -c 1 -q -U -I left0 192.0.2.1 || true
    on left arping -c 1 -q -A -I left0 192.0.2.1 || true
    on left arping -c 1 -q -D -I left0 192.0.2.77 || true
    on left ping -c 1 -q -W 1 192.0.2.99 || true ;;
ping)
    pair; record_ours left left0 ping.pcapng
    on left ping -c 3 -i 0.2 -q 192.0.2.2
    on left ping -c 2 -i 0.2 -q -6 2001:db8::2
    on left ping -c 1 -q -s 0 192.0.2.2
    on left ping -c 1 -q -s 5 -p ff -t 7 -Q 0x28 192.0.2.2
    on left ping -c 1 -W 1 -q 192.0.2.2 -s 1000 ;;
ping-fragments) pair; record left left0 ping-fragments.pcap icmp; on left ping -c 3 -i 0.2 -q -s 5000 192.0.2.2 ;;
ping6-fragments) pair; record left left0 ping6-fragments.pcap ip6; on left ping -c 2 -i 0.2 -q -s 4000 2001:db8::2 ;;
errors)
    routed; record left left0 icmp-errors.pcap 'icmp or udp'
    # No such port; no such network; no such host; forbidden, in two ways; a redirect.
    ask 198.51.100.2 || true
    on router ip route add unreachable 203.0.113.0/24
    on left ping -c 1 -q -W 1 203.0.113.1 || true
    on router ip route add prohibit 203.0.113.128/25
    on left ping -c 1 -q -W 1 203.0.113.129 || true
    on left ping -c 1 -q -W 4 198.51.100.77 || true
    on right iptables -A INPUT -p udp --dport 77 -j REJECT --reject-with icmp-host-prohibited
    echo x | on left socat -t 0.2 - UDP4:198.51.100.2:77 || true
    on router sysctl -qw net.ipv4.conf.all.send_redirects=1 net.ipv4.conf.router0.send_redirects=1
    on router ip route add 198.51.100.128/25 via 192.0.2.77
    on router ip neigh add 192.0.2.77 lladdr 02:00:00:00:00:77 dev router0
    on left ping -c 1 -q -W 1 198.51.100.200 || true ;;
errors6)
    routed; record left left0 icmpv6-errors.pcap 'icmp6 or udp'
    echo x | on left socat -t 0.3 - UDP6:[2001:db8:2::2]:9000 || true
    on router ip -6 route add unreachable 2001:db8:3::/64
    on left ping -c 1 -q -W 1 2001:db8:3::1 || true
    on router ip -6 route add prohibit 2001:db8:4::/64
    on left ping -c 1 -q -W 1 2001:db8:4::1 || true
    on left ping -c 1 -q -W 4 2001:db8:2::77 || true
    on left ping -c 1 -q -t 1 -W 1 2001:db8:2::2 || true ;;
too-big)
    routed; record left left0 too-big.pcap 'icmp or icmp6 or udp'
    on router ip link set router1 mtu 1280
    on right ip link set right0 mtu 1280
    on left ping -c 2 -i 0.3 -q -M do -s 1400 198.51.100.2 || true
    on left ping -c 3 -i 0.3 -q -s 1400 -W 1 2001:db8:2::2 || true ;;
traceroute)
    routed; record left left0 traceroute.pcap 'icmp or icmp6 or udp or tcp'
    on left traceroute -n -q 1 -w 1 198.51.100.2
    on left traceroute -n -q 1 -w 1 -I 198.51.100.2
    on left traceroute -n -q 1 -w 1 -T -p 81 198.51.100.2
    on left traceroute -n -q 1 -w 1 2001:db8:2::2 ;;
neighbours)
    pair; record_ours left left0 neighbours.pcapng
    on left ping -c 1 -q 2001:db8::2
    on left ndisc6 -q -1 2001:db8::2 left0
    on left ndisc6 -q -1 -w 500 2001:db8::77 left0 || true
    on left rdisc6 -q -1 -w 500 -r 1 left0 || true
    on left ping -c 1 -q -W 1 2001:db8::99 || true
    on left sysctl -qw net.ipv6.conf.left0.accept_dad=1
    on left ip addr add 2001:db8::55/64 dev left0
    sleep 1.5
    on right ip addr add 2001:db8::55/64 dev right0
    sleep 1.5 ;;
router-advert)
    pair; record left left0 router-advert.pcap icmp6
    cat >"$work/radvd.conf" <<-END
	interface right0 {
	    AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvLinkMTU 1480; AdvCurHopLimit 61;
	    AdvManagedFlag on; AdvOtherConfigFlag on; AdvDefaultPreference high; AdvReachableTime 30000; AdvRetransTimer 1000;
	    prefix 2001:db8:5::/64 { AdvOnLink on; AdvAutonomous on; AdvValidLifetime 7200; AdvPreferredLifetime 3600; };
	    route 2001:db8:6::/48 { AdvRoutePreference low; AdvRouteLifetime 600; };
	    RDNSS 2001:db8::53 2001:db8::54 { AdvRDNSSLifetime 600; };
	    DNSSL example.org example.net { AdvDNSSLLifetime 600; };
	};
	END
    on right sysctl -qw net.ipv6.conf.all.forwarding=1
    start right radvd -n -C "$work/radvd.conf" -p "$work/radvd.pid" -m stderr
    sleep 0.5
    on left rdisc6 -q -1 left0 || true
    sleep 4
    on left ip link set left0 down; on left ip link set left0 up; sleep 2 ;;
multicast)
    pair; COUNT=30 record left left0 multicast.pcap 'igmp or ip6 or udp'
    on left python3 "$here/multicast.py" left0
    on left sysctl -qw net.ipv4.conf.left0.force_igmp_version=2 net.ipv6.conf.left0.force_mld_version=1
    on left python3 "$here/multicast.py" left0
    on left sysctl -qw net.ipv4.conf.left0.force_igmp_version=1
    on left python3 "$here/multicast.py" left0 ;;
vlan) pair; tagged 8100:6005; record left left0 vlan.pcap; on left ping -c 3 -i 0.2 -q 198.51.100.2 ;;
qinq) pair; tagged 88a8:0064 8100:b007; record left left0 qinq.pcap; on left ping -c 3 -i 0.2 -q 198.51.100.2 ;;
stp)
    host left right
    wire left left0 02:00:00:00:00:01 right right0 02:00:00:00:00:02
    wire left left1 02:00:00:00:00:03 right right1 02:00:00:00:00:04
    COUNT=12 record left left0 stp.pcap ether dst 01:80:c2:00:00:00
    for h in left right; do
        on $h ip link add bridge0 address 02:00:00:00:0b:0$([ $h = left ] && echo 1 || echo 2) type bridge stp_state 1 \
            forward_delay 400 hello_time 100 max_age 600
        on $h ip link set ${h}0 master bridge0; on $h ip link set ${h}1 master bridge0
        on $h ip link set bridge0 up
    done
    sleep 6
    # The topology changes: the cable in use is pulled.
    on right ip link set right1 down; on left ip link set left1 down; sleep 4 ;;
vxlan)
    pair
    on left ip link add vx0 address 02:00:00:00:0a:01 type vxlan id 42 local 192.0.2.1 remote 192.0.2.2 dstport 4789
    on right ip link add vx0 address 02:00:00:00:0a:02 type vxlan id 42 local 192.0.2.2 remote 192.0.2.1 dstport 4789
    on left ip link set vx0 up; on right ip link set vx0 up
    addresses left vx0 198.51.100.1/24; addresses right vx0 198.51.100.2/24
    record left left0 vxlan.pcap 'udp'; on left ping -c 2 -i 0.2 -q 198.51.100.2 ;;
gre | ipip | 6in4)
    pair; tunnel "$1" 192.0.2.1 192.0.2.2
    record left left0 "tunnel-$1.pcap" not arp
    [ "$1" = 6in4 ] || on left ping -c 2 -i 0.2 -q 198.51.100.2
    [ "$1" = ipip ] || on left ping -c 2 -i 0.2 -q 2001:db8:9::2
    if [ "$1" = 6in4 ]; then
        echo x | on left socat -t 0.3 - UDP6:[2001:db8:9::2]:9000 || true
    else
        echoes; ask 198.51.100.2; ask 198.51.100.2
    fi ;;
ipip6 | gre6)
    pair; tunnel "$1" 2001:db8::1 2001:db8::2
    record left left0 "tunnel-$1.pcap" 'ip6 and not icmp6'
    on left ping -c 2 -i 0.2 -q 198.51.100.2
    on left ping -c 1 -q 2001:db8:9::2 || true ;;
any | any-v2)
    pair
    record left any "$1.pcap" -y "$([ "$1" = any ] && echo LINUX_SLL || echo LINUX_SLL2)"
    on left ping -c 1 -q 192.0.2.2; on left ping -c 1 -q 127.0.0.1; on left ping -c 1 -q 2001:db8::2
    echoes; ask 192.0.2.2 ;;
extensions)
    pair; record left left0 ipv6-extensions.pcap ip6
    "$python" "$here/odd.py" ipv6 "$work/odd.pcap"; on left python3 "$here/send.py" left0 "$work/odd.pcap" ;;
options)
    pair; record left left0 ipv4-options.pcap ip
    on left ping -c 1 -q -R 192.0.2.2
    on left ping -c 1 -q -T tsonly 192.0.2.2
    on left ping -c 1 -q -T tsandaddr 192.0.2.2
    "$python" "$here/odd.py" ipv4 "$work/odd.pcap"; on left python3 "$here/send.py" left0 "$work/odd.pcap" ;;
cut) pair; record left left0 cut.pcap -s 60; on left ping -c 2 -i 0.2 -q -s 3000 192.0.2.2; on left ping -c 2 -i 0.2 -q 2001:db8::2 ;;
esac
recorded "${LINGER:-0.4}"
