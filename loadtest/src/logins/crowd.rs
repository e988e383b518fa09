//! Virtual users: who they are, what they send, and whether what they were told is right.

use clap::ValueEnum;
use serde::Serialize;

use super::wire::{Answer, Target};

/// What the users of one storm do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Mix {
    /// All sign in to one account, with its password
    One,
    /// Each signs in to an account of their own
    Many,
    /// Each tries a wrong password on an account of somebody else's
    Wrong,
}

impl Mix {
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "one account",
            Self::Many => "many accounts",
            Self::Wrong => "wrong passwords",
        }
    }
}

/// The accounts `seed-0@example.org` … and their password.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub count: u32,
    pub password: String,
    /// The last so many are signed in throughout and take part in no storm.
    pub watching: u32,
}

/// Whether the password of an attempt is the account's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    Right,
    Wrong,
}

/// One attempt to sign in.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub request: Vec<u8>,
    pub truth: Truth,
}

/// What is wrong with an answer to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// A right password was refused, or a wrong one let in.
    Verdict,
    /// A status that no login answers with, or one without what belongs to it.
    Status,
}

impl Accounts {
    /// Those that take part in storms, beside the first, on which everybody tries at once.
    fn storming(&self) -> u32 {
        self.count.saturating_sub(self.watching + 1).max(1)
    }

    /// The attempt of the virtual user `user`.
    pub fn attempt(&self, target: &Target, mix: Mix, user: u32) -> Attempt {
        let others = self.storming();
        let (account, truth) = match mix {
            Mix::One => (0, Truth::Right),
            Mix::Many => (1 + user % others, Truth::Right),
            Mix::Wrong => (1 + user.wrapping_add(others / 2) % others, Truth::Wrong),
        };
        Attempt { request: self.login(target, account, user, truth), truth }
    }

    /// The request by which the account `number` is signed in to, from the network of the user `user`.
    pub fn login(&self, target: &Target, number: u32, user: u32, truth: Truth) -> Vec<u8> {
        let password = match truth {
            Truth::Right => self.password.clone(),
            Truth::Wrong => format!("{}, as user {user} guesses", self.password),
        };
        let body = serde_json::json!({ "email": format!("seed-{number}@example.org"), "password": password });
        let headers = [format!("x-forwarded-for: {}", network(user))];
        target.request("POST", "/api/v1/auth/login", &headers, &body.to_string())
    }

    /// The accounts that watch.
    pub fn watchers(&self) -> std::ops::Range<u32> {
        self.count.saturating_sub(self.watching)..self.count
    }
}

/// An address in a network that no other user has: limits count by /24.
pub fn network(user: u32) -> std::net::Ipv4Addr {
    std::net::Ipv4Addr::from_bits(0x0a00_0001_u32.wrapping_add(user << 8))
}

/// What is wrong with the answer, if anything is.
pub fn flaw(truth: Truth, answer: &Answer) -> Option<Flaw> {
    match (answer.status, truth) {
        (200, Truth::Wrong) | (401, Truth::Right) => Some(Flaw::Verdict),
        (200, Truth::Right) if answer.cookie.is_none() => Some(Flaw::Status),
        (429 | 503, _) if !answer.has_retry_after => Some(Flaw::Status),
        (200 | 401 | 429 | 503, _) => None,
        _ => Some(Flaw::Status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target::parse("http://127.0.0.1:8080").unwrap()
    }

    fn text(attempt: &Attempt) -> String {
        String::from_utf8(attempt.request.clone()).unwrap()
    }

    #[test]
    fn each_user_comes_from_a_network_of_their_own() {
        assert_eq!(network(0).to_string(), "10.0.0.1");
        assert_eq!(network(258).to_string(), "10.1.2.1");
        assert_eq!(network(70_000).to_string(), "11.17.112.1");
    }

    #[test]
    fn the_mixes_differ_in_account_and_password() {
        let accounts = Accounts { count: 111, password: "secret".into(), watching: 10 };

        let one = text(&accounts.attempt(&target(), Mix::One, 7));
        let many = text(&accounts.attempt(&target(), Mix::Many, 7));
        let wrong = accounts.attempt(&target(), Mix::Wrong, 7);

        assert!(one.contains("seed-0@") && one.contains(r#""secret""#), "{one}");
        assert!(many.contains("seed-8@") && many.contains("x-forwarded-for: 10.0.7.1"), "{many}");
        assert!(text(&wrong).contains("seed-58@") && !text(&wrong).contains(r#""secret""#));
        assert_eq!(wrong.truth, Truth::Wrong);
        assert!(
            text(&accounts.attempt(&target(), Mix::Many, 105)).contains("seed-6@"),
            "watchers take no part"
        );
        assert_eq!(accounts.watchers(), 101..111);
    }
}
