//! Names of DNS numbers, from IANA's registries.

/// Resource record types.
pub(super) const TYPES: &[(u64, &str)] = &[
    (1, "A, an IPv4 address"),
    (2, "NS, a name server"),
    (5, "CNAME, the true name of an alias"),
    (6, "SOA, start of a zone"),
    (7, "MB, a mailbox"),
    (10, "NULL, anything"),
    (11, "WKS, well-known services"),
    (12, "PTR, a name for an address"),
    (13, "HINFO, the host's kind"),
    (15, "MX, a mail server"),
    (16, "TXT, text"),
    (17, "RP, a responsible person"),
    (18, "AFSDB, an AFS database"),
    (24, "SIG, a signature (old)"),
    (25, "KEY, a key (old)"),
    (28, "AAAA, an IPv6 address"),
    (29, "LOC, a place on Earth"),
    (33, "SRV, a service"),
    (35, "NAPTR, a rewriting rule"),
    (36, "KX, a key exchanger"),
    (37, "CERT, a certificate"),
    (39, "DNAME, the true name of a whole subtree"),
    (41, "OPT, EDNS options"),
    (42, "APL, address prefixes"),
    (43, "DS, a delegation's key digest"),
    (44, "SSHFP, an SSH key's fingerprint"),
    (45, "IPSECKEY, an IPsec key"),
    (46, "RRSIG, a signature"),
    (47, "NSEC, the next name"),
    (48, "DNSKEY, a zone's key"),
    (49, "DHCID, a DHCP client"),
    (50, "NSEC3, the next hashed name"),
    (51, "NSEC3PARAM, how names are hashed"),
    (52, "TLSA, a TLS certificate"),
    (53, "SMIMEA, a mail certificate"),
    (55, "HIP, a host identity"),
    (59, "CDS, a DS for the parent"),
    (60, "CDNSKEY, a DNSKEY for the parent"),
    (61, "OPENPGPKEY, an OpenPGP key"),
    (62, "CSYNC, what the parent should copy"),
    (63, "ZONEMD, a zone's digest"),
    (64, "SVCB, how to reach a service"),
    (65, "HTTPS, how to reach a web site"),
    (99, "SPF, who may send mail (old)"),
    (108, "EUI48, a MAC address"),
    (109, "EUI64, a long MAC address"),
    (249, "TKEY, agreeing on a key"),
    (250, "TSIG, a signed transaction"),
    (251, "IXFR, what changed in a zone"),
    (252, "AXFR, a whole zone"),
    (255, "ANY, whatever there is"),
    (256, "URI, an address on the web"),
    (257, "CAA, who may issue certificates"),
];

/// Classes.
pub(super) const CLASSES: &[(u64, &str)] =
    &[(1, "IN, the Internet"), (3, "CH, Chaos"), (4, "HS, Hesiod"), (254, "None"), (255, "Any")];

/// Operation codes.
pub(super) const OPCODES: &[(u64, &str)] = &[
    (0, "Standard query"),
    (1, "Inverse query"),
    (2, "Server status"),
    (4, "Zone change notification"),
    (5, "Dynamic update"),
    (6, "Stateful operations"),
];

/// Response codes.
pub(super) const RCODES: &[(u64, &str)] = &[
    (0, "No error"),
    (1, "Format error"),
    (2, "Server failure"),
    (3, "No such name"),
    (4, "Not implemented"),
    (5, "Refused"),
    (6, "Name exists, but should not"),
    (7, "Records exist, but should not"),
    (8, "Records should exist, but do not"),
    (9, "Not authoritative"),
    (10, "Name is out of zone"),
    (11, "Stateful operation not implemented"),
];

/// EDNS options.
pub(super) const OPTIONS: &[(u64, &str)] = &[
    (1, "LLQ, a long-lived query"),
    (2, "Update lease"),
    (3, "NSID, the name server's identifier"),
    (5, "DAU, signature algorithms understood"),
    (6, "DHU, digest algorithms understood"),
    (7, "N3U, NSEC3 algorithms understood"),
    (8, "Client subnet"),
    (9, "Expire"),
    (10, "Cookie"),
    (11, "TCP keepalive"),
    (12, "Padding"),
    (13, "Chain"),
    (14, "Key tags"),
    (15, "Extended error"),
];

/// DNSSEC algorithms.
pub(super) const ALGORITHMS: &[(u64, &str)] = &[
    (1, "RSA/MD5"),
    (3, "DSA/SHA-1"),
    (5, "RSA/SHA-1"),
    (7, "RSA/SHA-1 with NSEC3"),
    (8, "RSA/SHA-256"),
    (10, "RSA/SHA-512"),
    (13, "ECDSA P-256 with SHA-256"),
    (14, "ECDSA P-384 with SHA-384"),
    (15, "Ed25519"),
    (16, "Ed448"),
];

/// Service parameters (RFC 9460 §14.3).
pub(super) const PARAMETERS: &[(u64, &str)] = &[
    (0, "Mandatory keys"),
    (1, "ALPN"),
    (2, "No default ALPN"),
    (3, "Port"),
    (4, "IPv4 hints"),
    (5, "Encrypted ClientHello"),
    (6, "IPv6 hints"),
];
