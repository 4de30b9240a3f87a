#!/usr/bin/env bash
# What else speaks: files, mail, shells, clocks, queues. `services.sh NAME` makes one, `services.sh` all.
# Needs vsftpd, curl, openssh, chrony, redis, mosquitto, snmpd, and aiosmtpd from PyPI (its python: SMTP_PYTHON).
names=(ftp smtp ssh ntp redis mqtt snmp syslog tftp)
if [ $# -ne 1 ]; then
    for name in "${names[@]}"; do "$0" "$name"; done
    exit
fi
. "$(dirname "$0")/lib.sh"
pair

case $1 in
ftp)
    mkdir -p "$work/ftp/pub" /var/run/vsftpd/empty
    echo 'a small file' >"$work/ftp/pub/file.txt"; chmod 755 "$work" "$work/ftp" "$work/ftp/pub"
    cat >"$work/vsftpd.conf" <<-END
	listen=YES
	background=NO
	anonymous_enable=YES
	anon_root=$work/ftp
	seccomp_sandbox=NO
	ftpd_banner=Welcome.
	pasv_min_port=30000
	pasv_max_port=30010
	END
    start right vsftpd "$work/vsftpd.conf"; ready right 21
    COUNT=160 record left left0 ftp.pcap tcp
    for way in --disable-epsv '' '--disable-eprt -P 192.0.2.1'; do
        on left curl -sS --max-time 5 $way -o /dev/null ftp://192.0.2.2/pub/file.txt || true
    done
    on left curl -sS --max-time 5 -u someone:wrong -o /dev/null ftp://192.0.2.2/ || true
    on left curl -sS --max-time 5 -o /dev/null ftp://192.0.2.2/pub/ || true ;;
smtp)
    start right "${SMTP_PYTHON:-python3}" "$here/mail.py" serve; ready right 25
    record left left0 smtp.pcap tcp; on left python3 "$here/mail.py" send ;;
ssh)
    mkdir -p /run/sshd
    ssh-keygen -q -t ed25519 -N '' -C lesson -f "$work/host"
    start right /usr/sbin/sshd -D -f /dev/null -h "$work/host" -o PidFile=none -o UsePAM=no; ready right 22
    record left left0 ssh.pcap tcp
    on left ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentityFile=/dev/null \
        -o IdentitiesOnly=yes lesson@192.0.2.2 true || true ;;
ntp)
    printf 'local stratum 5\nallow\nbindcmdaddress /\ncmdport 0\npidfile %s\n' "$work/pid" >"$work/chrony.conf"
    start right chronyd -x -d -u root -f "$work/chrony.conf"; ready right 123
    record left left0 ntp.pcap 'port 123 or port 319'
    printf 'server 192.0.2.2 iburst\ncmdport 0\npidfile %s\n' "$work/pid2" >"$work/client.conf"
    on left timeout 12 chronyd -x -u root -Q -t 9 -f "$work/client.conf" || true
    # Broadcast, a kiss of death, a control message and a private one, as a script writes them.
    on left python3 "$here/datagrams.py" ntp ;;
redis)
    start right redis-server --port 6379 --bind 192.0.2.2 --protected-mode no --save '' --dir "$work"; ready right 6379
    record left left0 redis.pcap tcp
    printf '%s\n' 'SET name lesson' 'GET name' 'INCR n' 'LPUSH l a b' 'LRANGE l 0 -1' 'GET none' 'WRONG x' MULTI PING EXEC |
        while read -r line; do
            set -- $line
            printf '*%d\r\n' $#
            for word; do printf '$%d\r\n%s\r\n' ${#word} "$word"; done
            sleep 0.05
        done | on left socat -t 0.5 - TCP:192.0.2.2:6379 >/dev/null
    printf 'PING\r\nSET k 5\r\nHELLO 3\r\nQUIT\r\n' | on left socat -t 0.5 - TCP:192.0.2.2:6379 >/dev/null ;;
mqtt)
    printf 'listener 1883 192.0.2.2\nallow_anonymous true\n' >"$work/mosquitto.conf"
    start right mosquitto -c "$work/mosquitto.conf"; ready right 1883
    COUNT=90 record left left0 mqtt.pcap tcp
    on left timeout 4 mosquitto_sub -h 192.0.2.2 -i reader -t 'lesson/#' -q 2 -C 3 >/dev/null &
    sleep 0.4
    on left mosquitto_pub -h 192.0.2.2 -i writer -t lesson/1 -m hello -q 0
    on left mosquitto_pub -h 192.0.2.2 -i writer -t lesson/2 -m hello -q 1 -r -u someone -P secret
    on left mosquitto_pub -h 192.0.2.2 -i writer -V 5 -t lesson/3 -m hello -q 2 --will-topic lesson/will --will-payload gone
    wait $! || true ;;
snmp)
    printf 'agentaddress udp:192.0.2.2:161\nrocommunity public\nrouser reader noauth\ncreateUser reader\nsysName right\nsysContact nobody\nsysLocation here\n' >"$work/snmpd.conf"
    start right snmpd -f -C -c "$work/snmpd.conf" -p "$work/pid" -Lo -I 'system_mib,sysORTable,snmpv3mibs,snmpEngine,usmUser,usmStats,vacm_vars,vacm_conf'
    ready right 161
    record left left0 snmp.pcap udp
    on left snmpget -v1 -c public -On 192.0.2.2 1.3.6.1.2.1.1.5.0 1.3.6.1.2.1.1.3.0 || true
    on left snmpgetnext -v2c -c public -On 192.0.2.2 1.3.6.1.2.1.1.4 || true
    on left snmpbulkget -v2c -c public -On -Cr3 192.0.2.2 1.3.6.1.2.1.1.4 || true
    on left snmpget -v2c -c public -On 192.0.2.2 1.3.6.1.2.1.99.0 || true
    on left snmpget -v3 -u reader -l noAuthNoPriv -On 192.0.2.2 1.3.6.1.2.1.1.5.0 || true
    on left snmptrap -v2c -c public 192.0.2.2 5 1.3.6.1.6.3.1.1.5.3 1.3.6.1.2.1.2.2.1.1.1 i 1 || true ;;
syslog) record left left0 syslog.pcap 'udp or icmp'; on left python3 "$here/datagrams.py" syslog ;;
tftp)
    start right dnsmasq --no-daemon --port=0 --conf-file=/dev/null --user=root --pid-file= --enable-tftp --tftp-root="$work" --tftp-no-blocksize
    chmod 755 "$work"; seq -f 'line %g of a file' 1 80 >"$work/file.txt"; chmod 644 "$work/file.txt"; ready right 69
    record left left0 tftp.pcap udp
    on left curl -sS --max-time 5 -o /dev/null tftp://192.0.2.2/file.txt || true
    on left curl -sS --max-time 5 -o /dev/null tftp://192.0.2.2/missing || true ;;
esac
recorded 0.6
