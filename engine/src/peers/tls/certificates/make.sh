#!/bin/sh
# Makes the certificates anew (OpenSSL 3), in the folder where it is called. README.md says what each is for.
# Only authority.der, the three server certificates and server.key.der stay; the authority's key is thrown away.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat > "$work/ca.cnf" <<EOF
[ca]
default_ca = examples
[examples]
new_certs_dir = $work
database = $work/index
rand_serial = yes
default_md = default
policy = any
unique_subject = no
[any]
organizationName = optional
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:www.example.com
[req]
prompt = no
distinguished_name = name
[name]
EOF
: > "$work/index"

# sign WHO EXTENSIONS SUBJECT FROM UNTIL KEY SIGNED-BY...
sign() {
    who=$1 extensions=$2 subject=$3 from=$4 until=$5 key=$6
    shift 6
    openssl req -new -config "$work/ca.cnf" -subj "$subject" -key "$work/$key.key" -out "$work/$who.csr"
    openssl ca -batch -notext -config "$work/ca.cnf" -extensions "$extensions" -startdate "$from" -enddate "$until" \
        -in "$work/$who.csr" -out "$work/$who.pem" "$@"
    openssl x509 -in "$work/$who.pem" -outform DER -out "$who.der"
}

openssl genpkey -algorithm ed25519 -out "$work/authority.key"
openssl genpkey -algorithm ed25519 -out "$work/server.key"
openssl pkey -in "$work/server.key" -outform DER -out server.key.der

ca="/O=osi-tutor/CN=Example Authority"
www="/CN=www.example.com"
by_ca="-cert $work/authority.pem -keyfile $work/authority.key"
by_itself="-selfsign -keyfile $work/server.key"
sign authority authority "$ca" 20250101000000Z 20491231235959Z authority -selfsign -keyfile "$work/authority.key"
# Unquoted: several words.
sign example server "$www" 20251215000000Z 20261231235959Z server $by_ca
sign expired server "$www" 20240101000000Z 20241231235959Z server $by_ca
sign untrusted server "$www" 20251215000000Z 20261231235959Z server $by_itself
