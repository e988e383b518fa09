//! Who stands at the door: the network they come from, and what their browser calls itself. Both coarse, because a person
//! sees them in the list of sessions and nobody needs more.

use super::address::AddressPrefix;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub from: AddressPrefix,
    pub device: String,
}

/// Names of browsers and systems, the more telling before those that others claim to be.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];
const LONGEST_DEVICE: usize = 40;

impl Caller {
    pub fn new(from: AddressPrefix, user_agent: Option<&str>) -> Self {
        Self { from, device: device(user_agent.unwrap_or_default()) }
    }
}

/// `Firefox on Linux`, or the first word of what is no browser, such as `curl/8.5.0`.
fn device(user_agent: &str) -> String {
    let named = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (named(&BROWSERS), named(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.into(),
        (None, _) => {
            let word = user_agent.split_whitespace().next().unwrap_or("Unknown device");
            word.chars().filter(|c| !c.is_control()).take(LONGEST_DEVICE).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_as_people_name_it() {
        for (user_agent, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 \
                 Safari/537.36 Edg/138.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.5.0", "curl/8.5.0"),
            ("", "Unknown device"),
            ("x\u{1}y z", "xy"),
        ] {
            assert_eq!(device(user_agent), expected);
        }
        assert_eq!(device(&"x".repeat(4000)).len(), LONGEST_DEVICE);
    }
}
