#!/usr/bin/env bash
# The web: HTTP/1.1 in its forms, HTTP/2, TLS, WebSocket. `web.sh NAME` makes one, `web.sh` all.
# Needs nginx, curl, openssl, socat, node with npm's ws (NODE_PATH), and for `browser` chromium.
names=(http http-gzip http-pipelined http-post http-segments http-python curl http2 tls12 tls13 tls-refused websocket
    websocket-deflate browser)
if [ $# -ne 1 ]; then
    for name in "${names[@]}"; do "$0" "$name"; done
    exit
fi
. "$(dirname "$0")/lib.sh"

# nginx at 192.0.2.2: 80 plain, 81 HTTP/2 without TLS, 443 TLS; /post is passed on, so that its body is read.
server() {
    mkdir -p "$work/www"
    echo '<!doctype html><title>Hello</title><p>Hello.' >"$work/www/index.html"
    seq -f 'line %g of a page that is longer than a segment' 1 120 >"$work/www/long.txt"
    echo '{"name":"lesson","layers":[1,2,7],"on":true}' >"$work/www/data.json"
    touch -d 2026-01-01T00:00:00Z "$work"/www/*
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=www.example.test \
        -addext subjectAltName=DNS:www.example.test -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
    cat >"$work/nginx.conf" <<-END
	daemon off; master_process off; pid $work/nginx.pid; error_log $work/error.log; events {}
	http {
	    access_log off; types { text/html html; text/plain txt; application/json json; } client_body_temp_path $work/body;
	    proxy_temp_path $work/t1; fastcgi_temp_path $work/t2; uwsgi_temp_path $work/t3; scgi_temp_path $work/t4;
	    gzip $1; gzip_types text/plain; root $work/www;
	    server { listen 80; location /post { proxy_pass http://127.0.0.1:8081; } location /moved { return 301 /index.html; } }
	    server { listen 81 http2; }
	    server { listen 443 ssl; ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem; ssl_protocols TLSv1.2 TLSv1.3; }
	    server { listen 127.0.0.1:8081; location / { return 200 "thanks\n"; } }
	}
	END
    start right nginx -c "$work/nginx.conf"
    sleep 0.6
}
get() { on left curl -sS --max-time 5 --resolve '*:443:192.0.2.2' -A lesson -o /dev/null "$@" || true; }
small() { on right ip link set right0 mtu 700; on left ip link set left0 mtu 700; }

case $1 in
http)
    pair; server off; record_ours left left0 http.pcapng -Y tcp
    get http://192.0.2.2/ http://192.0.2.2/data.json -H 'Cookie: a=b; c=d' http://192.0.2.2/missing
    get -I http://192.0.2.2/long.txt; get -L http://192.0.2.2/moved
    get -H 'Range: bytes=10-19' http://192.0.2.2/long.txt; get -X OPTIONS http://192.0.2.2/; get -u user:secret http://192.0.2.2/ ;;
http-gzip) pair; server on; record left left0 http-gzip.pcap tcp; get --compressed http://192.0.2.2/long.txt http://192.0.2.2/ ;;
http-pipelined)
    pair; server off; record left left0 http-pipelined.pcap tcp
    printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /data.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' |
        on left socat -t 1 - TCP:192.0.2.2:80 >/dev/null ;;
http-post)
    pair; server off; small; record left left0 http-post.pcap tcp
    seq -f 'field%g=value' 1 200 | get --data-binary @- -H 'Expect: 100-continue' http://192.0.2.2/post
    get -F file=@"$work/www/data.json" -F name=value http://192.0.2.2/post
    get -H 'Transfer-Encoding: chunked' -H 'Content-Type: application/json' -d '{"a":[1,2.5,null]}' http://192.0.2.2/post
    get -d 'a=1&b=two' http://192.0.2.2/post ;;
http-segments) pair; server off; small; record left left0 http-segments.pcap tcp; get http://192.0.2.2/long.txt ;;
http-python)
    pair; server off; record left left0 http-python.pcap tcp
    start right python3 -m http.server -d "$work/www" 8000
    ready right 8000; get http://192.0.2.2:8000/; get http://192.0.2.2:8000/data.json ;;
curl)
    # What a student does first: curl fetches a page by its name, over a router, then over TLS; nothing was known before.
    routed
    # Where there is no ethtool to say so: the kernel joins no segments.
    on right ip link set right0 gso_max_segs 1; on router ip link set router0 gso_max_segs 1
    mkdir -p "$work/www" "/etc/netns/$us-left"; echo 'nameserver 198.51.100.2' >"/etc/netns/$us-left/resolv.conf"
    trap 'rm -rf "/etc/netns/$us-left"; cleanup' EXIT
    { echo '<!doctype html><title>Hello</title>'; seq -f '<p>line %g of a page that is longer than a segment' 1 100; } >"$work/www/index.html"
    touch -d 2026-01-01T00:00:00Z "$work/www/index.html"
    start right python3 "$here/names.py" 198.51.100.2
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=www.example.test \
        -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
    start right python3 -m http.server -p HTTP/1.1 -d "$work/www" 80
    start right openssl s_server -quiet -accept 443 -key "$work/key.pem" -cert "$work/cert.pem" -WWW
    ready right 80; ready right 53; ready right 443
    record_ours left left0 curl.pcapng
    on left curl -sS --max-time 5 -o /dev/null http://www.example.test/
    on left curl -sSk --max-time 5 -o /dev/null https://www.example.test/index.html || true
    # The neighbour tables are checked once more.
    sleep 6 ;;
http2)
    pair; server off; record left left0 http2.pcap tcp
    get --http2-prior-knowledge http://192.0.2.2:81/ http://192.0.2.2:81/data.json http://192.0.2.2:81/missing ;;
tls12) pair; server off; record left left0 tls12.pcap tcp; get -k --tls-max 1.2 https://www.example.test/ ;;
tls13) pair; server off; record left left0 tls13.pcap tcp; get -k --tlsv1.3 https://www.example.test/ https://www.example.test/data.json ;;
tls-refused)
    pair; server off; record left left0 tls-refused.pcap tcp
    # The client does not trust the certificate; then it speaks too old a version; then no TLS at all.
    get https://www.example.test/; get -k --tlsv1.0 --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 https://www.example.test/
    get http://192.0.2.2:443/ ;;
websocket | websocket-deflate)
    pair; record left left0 "$1.pcap" tcp
    start right node "$here/websocket.js" serve "$1"; ready right 8000
    on left timeout 10 node "$here/websocket.js" ask "$1" ;;
browser)
    pair
    cp "$here/page.html" "$work/"
    start right node "$here/websocket.js" serve page "$work/page.html"; ready right 8000
    record_ours left left0 browser.pcapng -Y tcp
    on left timeout 6 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --remote-debugging-port=0 \
        --disable-background-networking --disable-component-update --no-first-run http://192.0.2.2:8000/ >/dev/null 2>&1 || true ;;
esac
recorded 0.6
