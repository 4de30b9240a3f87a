//! The scenarios that are compiled in. `lessons/scenarios/` holds their files.

/// The ready scenarios: name and TOML.
pub const READY: &[(&str, &str)] = &[
    ("two-hosts", include_str!("../../../lessons/scenarios/two-hosts.toml")),
    ("two-hosts-ipv6", include_str!("../../../lessons/scenarios/two-hosts-ipv6.toml")),
];
