#!/usr/bin/env bash
# Names and addresses: DNS of every common kind, DHCP for both versions of IP. `dns.sh NAME` makes one, `dns.sh` all.
names=(dns dns-tcp mdns dhcp dhcpv6)
if [ $# -ne 1 ]; then
    for name in "${names[@]}"; do "$0" "$name"; done
    exit
fi
. "$(dirname "$0")/lib.sh"

# A name server at 192.0.2.2 that knows example.test.
server() {
    addresses right right0 192.0.2.3/24
    start right dnsmasq --no-daemon --no-resolv --no-hosts --port=53 --bind-interfaces --listen-address=192.0.2.2,192.0.2.3,2001:db8::2 \
        --user=root --pid-file= --conf-file=/dev/null --auth-ttl=300 --local-ttl=300 --local=/test/ --edns-packet-max=1232 \
        --host-record=www.example.test,192.0.2.80,2001:db8::80 --cname=web.example.test,www.example.test \
        --address=/many.example.test/192.0.2.81 --address=/many.example.test/192.0.2.82 \
        --mx-host=example.test,mail.example.test,10 --mx-host=example.test,mail2.example.test,20 \
        --host-record=mail.example.test,192.0.2.25 \
        --txt-record=example.test,'v=spf1 -all','a second string' \
        --txt-record=long.example.test,"$(printf 'x%.0s' {1..250})","$(printf 'y%.0s' {1..250})","$(printf 'z%.0s' {1..250})" \
        --srv-host=_sip._tcp.example.test,www.example.test,5060,1,2 --ptr-record=7.2.0.192.in-addr.arpa,seven.example.test \
        --naptr-record=example.test,100,10,u,E2U+sip,'!^.*$!sip:info@example.test!',. --caa-record=example.test,0,issue,ca.example.test \
        --dns-rr=rr.example.test,13,0341424302444546 \
        --auth-server=ns.example.test,192.0.2.3 --auth-zone=auth.test --host-record=a.auth.test,192.0.2.90 \
        --auth-soa=2026010100,admin.auth.test,3600,600,86400
    sleep 0.5
}
ask() { on left dig +tries=1 +time=1 @192.0.2.2 "$@" >/dev/null || true; }

case $1 in
dns)
    pair; record left left0 dns.pcap port 53; server
    for type in A AAAA ANY; do ask www.example.test $type; done
    ask web.example.test A; ask many.example.test A; ask example.test MX; ask example.test TXT; ask example.test NAPTR
    ask example.test CAA; ask _sip._tcp.example.test SRV; ask -x 192.0.2.7; ask -x 192.0.2.80; ask -x 2001:db8::80
    ask missing.example.test A; ask elsewhere.invalid A; ask www.example.test HTTPS; ask rr.example.test HINFO
    for type in SOA NS A; do on left dig +tries=1 +time=1 @192.0.2.3 auth.test $type >/dev/null; done
    ask +noedns +norecurse www.example.test A; ask +dnssec +nsid +subnet=198.51.100.0/24 www.example.test A
    ask +cookie=0123456789abcdef +padding=64 www.example.test A
    ask CHAOS version.bind TXT; ask +opcode=status www.example.test; ask WwW.ExAmPlE.TeSt A; ask . NS
    ask +qr 'a\.b\000c.example.test' A
    on left dig +tries=1 +time=1 @2001:db8::2 www.example.test AAAA >/dev/null ;;
dns-tcp)
    pair; record left left0 dns-tcp.pcap port 53; server
    # Too long for a datagram of 512 bytes: cut, then asked again over TCP.
    ask +noedns long.example.test TXT
    ask +tcp www.example.test A
    # Two questions before the first answer, and an answer over several segments.
    on right ip link set right0 mtu 400
    ask +tcp +keepopen long.example.test TXT long.example.test TXT ;;
mdns)
    pair; record left left0 mdns.pcap 'port 5353 or port 5355'
    "${SCAPY_PYTHON:-python3}" "$here/odd.py" mdns "$work/odd.pcap"; on left python3 "$here/send.py" left0 "$work/odd.pcap" ;;
dhcp)
    pair; on left ip addr flush dev left0
    record left left0 dhcp.pcap 'port 67 or port 68 or arp'
    start right dnsmasq --no-daemon --port=0 --conf-file=/dev/null --user=root --pid-file= --leasefile-ro --interface=right0 \
        --bind-interfaces --dhcp-range=192.0.2.100,192.0.2.150,255.255.255.0,1h --dhcp-authoritative \
        --dhcp-option=option:router,192.0.2.254 --dhcp-option=option:dns-server,192.0.2.53,192.0.2.54 \
        --dhcp-option=option:domain-search,example.org,example.net --dhcp-option=option:ntp-server,192.0.2.123 \
        --dhcp-option=121,198.51.100.0/24,192.0.2.253 --domain=example.test --dhcp-boot=boot.img,boot,192.0.2.69 \
        --dhcp-option=option:mtu,1480 --dhcp-option=option:netbios-ns,192.0.2.137 --dhcp-option=43,01:02:03
    sleep 0.6
    printf '#!/bin/sh\ncase $1 in bound) ip addr add $ip/24 dev $interface;; esac\n' >"$work/script"; chmod +x "$work/script"
    on left timeout 10 udhcpc -i left0 -f -n -q -R -s "$work/script" -x hostname:left -V lesson -O search -O staticroutes -p "$work/pid" || true
    on left ip addr flush dev left0
    printf 'send host-name "left";\nrequest subnet-mask, routers, domain-name-servers, interface-mtu;\n' >"$work/dhclient.conf"
    on left timeout 15 dhclient -4 -1 -v -sf "$work/script" -cf "$work/dhclient.conf" -lf "$work/leases" -pf "$work/pid2" left0 || true
    on left timeout 15 dhclient -4 -r -sf "$work/script" -cf "$work/dhclient.conf" -lf "$work/leases" -pf "$work/pid2" left0 || true ;;
dhcpv6)
    pair; record left left0 dhcpv6.pcap 'udp'
    start right dnsmasq --no-daemon --port=0 --conf-file=/dev/null --user=root --pid-file= --leasefile-ro --interface=right0 \
        --bind-interfaces --dhcp-range=2001:db8::100,2001:db8::1ff,64,1h --dhcp-option=option6:dns-server,[2001:db8::53] \
        --dhcp-option=option6:domain-search,example.org --dhcp-option=option6:sntp-server,[2001:db8::123]
    sleep 2.5
    printf '#!/bin/sh\nexit 0\n' >"$work/script"; chmod +x "$work/script"
    on left timeout 15 dhclient -6 -1 -v -D LL -sf "$work/script" -cf /dev/null -lf "$work/leases" -pf "$work/pid" left0 || true
    on left timeout 15 dhclient -6 -r -D LL -sf "$work/script" -cf /dev/null -lf "$work/leases" -pf "$work/pid" left0 || true
    on left timeout 8 dhclient -6 -1 -S -D LL -sf "$work/script" -cf /dev/null -lf "$work/leases2" -pf "$work/pid2" left0 || true ;;
esac
recorded
