//! The scenarios that are compiled in. `lessons/scenarios/` holds their files.

/// The ready scenarios: name and TOML.
pub const READY: &[(&str, &str)] = &[
    ("two-hosts", include_str!("../../../../lessons/scenarios/two-hosts.toml")),
    ("two-hosts-ipv6", include_str!("../../../../lessons/scenarios/two-hosts-ipv6.toml")),
    ("switch", include_str!("../../../../lessons/scenarios/switch.toml")),
    ("routers", include_str!("../../../../lessons/scenarios/routers.toml")),
    ("nat", include_str!("../../../../lessons/scenarios/nat.toml")),
    ("dns", include_str!("../../../../lessons/scenarios/dns.toml")),
    ("dhcp", include_str!("../../../../lessons/scenarios/dhcp.toml")),
    ("ports", include_str!("../../../../lessons/scenarios/ports.toml")),
    ("segmentation", include_str!("../../../../lessons/scenarios/segmentation.toml")),
    ("fragmentation", include_str!("../../../../lessons/scenarios/fragmentation.toml")),
    ("path-mtu", include_str!("../../../../lessons/scenarios/path-mtu.toml")),
    ("loss", include_str!("../../../../lessons/scenarios/loss.toml")),
    ("flow-control", include_str!("../../../../lessons/scenarios/flow-control.toml")),
    ("teardown", include_str!("../../../../lessons/scenarios/teardown.toml")),
    ("tcp-vs-udp", include_str!("../../../../lessons/scenarios/tcp-vs-udp.toml")),
    ("polling", include_str!("../../../../lessons/scenarios/polling.toml")),
    ("socketio", include_str!("../../../../lessons/scenarios/socketio.toml")),
    ("socketio-websocket", include_str!("../../../../lessons/scenarios/socketio-websocket.toml")),
    ("chat", include_str!("../../../../lessons/scenarios/chat.toml")),
    ("reconnect", include_str!("../../../../lessons/scenarios/reconnect.toml")),
    ("wrong-accept", include_str!("../../../../lessons/scenarios/wrong-accept.toml")),
    ("unmasked", include_str!("../../../../lessons/scenarios/unmasked.toml")),
    ("tls", include_str!("../../../../lessons/scenarios/tls.toml")),
    ("web-request", include_str!("../../../../lessons/scenarios/web-request.toml")),
];
