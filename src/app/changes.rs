//! What is changed in a scenario before it begins: `--mtu`, `--rate`, `--silent`, `--not-reading`,
//! `--wrong-accept`, `--unmasked`.

use super::Failure;
use super::faults::duration;
use crate::cli::Faults;
use crate::sim::scenario::Scenario;
use std::str::FromStr;

/// Makes the changes.
///
/// # Errors
/// A number or time that makes no sense, or a name that the scenario does not have.
pub(super) fn make(scenario: &mut Scenario, asked: &Faults) -> Result<(), Failure> {
    let usage = |why: String| Failure::Usage(why.escape_debug().to_string().replace("\\'", "'"));
    for text in &asked.mtu {
        let (link, mtu) = of_link("--mtu", text)?;
        scenario.set_mtu(link, mtu).map_err(usage)?;
    }
    for text in &asked.rate {
        let (link, rate) = of_link("--rate", text)?;
        scenario.set_rate(link, rate).map_err(usage)?;
    }
    for text in &asked.silent {
        let (host, time) = text.rsplit_once('@').unwrap_or((text, "0s"));
        let at = duration(time).and_then(|time| u32::try_from(time.as_millis()).ok()).ok_or_else(|| {
            let text = text.escape_debug();
            Failure::Usage(format!(
                "--silent wants a host and a time of at most 60s, like 'server@300ms', not '{text}'"
            ))
        })?;
        scenario.set_silent(host, at).map_err(usage)?;
    }
    for host in &asked.not_reading {
        scenario.set_not_reading(host).map_err(usage)?;
    }
    if asked.wrong_accept {
        scenario.set_wrong_accept().map_err(usage)?;
    }
    if asked.unmasked {
        scenario.set_unmasked().map_err(usage)?;
    }
    Ok(())
}

/// `NUMBER`, or `LINK=NUMBER`.
fn of_link<'a, N: FromStr>(option: &str, text: &'a str) -> Result<(Option<&'a str>, N), Failure> {
    let (link, number) = text.rsplit_once('=').map_or((None, text), |(link, number)| (Some(link), number));
    let number = number.trim().parse().map_err(|_| {
        let text = text.escape_debug();
        Failure::Usage(format!(
            "{option} wants a number, or a link and a number like 'client-server=600', not '{text}'"
        ))
    })?;
    Ok((link, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_for_every_link_unless_one_is_named() {
        assert_eq!(of_link::<u16>("--mtu", "600").unwrap(), (None, 600));
        assert_eq!(of_link::<u16>("--mtu", "a-b=600").unwrap(), (Some("a-b"), 600));
        for bad in ["", "a-b", "a-b=", "=x", "70000", "-1"] {
            assert!(of_link::<u16>("--mtu", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_change_names_what_it_cannot_find() {
        let with = |asked: &Faults| make(&mut Scenario::ready("two-hosts").unwrap().unwrap(), asked);
        let one = |text: &str| vec![text.to_owned()];
        assert!(with(&Faults { mtu: one("client-server=600"), rate: one("64"), ..Faults::default() }).is_ok());
        assert!(with(&Faults { silent: one("server@1.5s"), not_reading: one("client"), ..Faults::default() }).is_ok());
        for asked in [
            Faults { mtu: one("60"), ..Faults::default() },
            Faults { rate: one("0"), ..Faults::default() },
            Faults { silent: one("nobody"), ..Faults::default() },
            Faults { silent: one("server@5"), ..Faults::default() },
            Faults { not_reading: one("client-server"), ..Faults::default() },
        ] {
            assert!(matches!(with(&asked), Err(Failure::Usage(_))), "{asked:?}");
        }
    }
}
