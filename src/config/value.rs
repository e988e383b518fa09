//! Values of settings that the standard library does not parse.

use std::{fmt, fs, io::Read as _, path::Path, str::FromStr};

/// Longer files hold no setting.
const MAX_FILE: u64 = 64 * 1024;

/// A value, or the path to a file that holds it, which is how container platforms hand out secrets. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Given(String);

impl Given {
    /// The value. Something that starts with `/`, `./` or `../` is a path; no URL and no e-mail address does.
    pub(super) fn read(&self) -> Result<String, std::io::Error> {
        let is_path = ["/", "./", "../"].iter().any(|start| self.0.starts_with(start));
        if !is_path {
            return Ok(self.0.clone());
        }
        let mut text = String::new();
        fs::File::open(Path::new(&self.0))?.take(MAX_FILE).read_to_string(&mut text)?;
        Ok(text.trim().to_owned())
    }
}

impl From<&str> for Given {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Given {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("given")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    #[error("it is not a size such as 512MiB or 2GiB")]
    Size,
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl FromStr for ByteSize {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let factor: u64 = match unit {
            "" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(ValueError::Size),
        };
        let number: u64 = number.parse().map_err(|_| ValueError::Size)?;
        number.checked_mul(factor).map(Self).ok_or(ValueError::Size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_carry_binary_units() {
        assert_eq!("512MiB".parse(), Ok(ByteSize(512 << 20)));
        assert_eq!("1024".parse(), Ok(ByteSize(1024)));
        for text in ["", "MiB", "1MB", "-1MiB", "1.5GiB", "99999999999GiB", "1 GiB"] {
            assert_eq!(text.parse::<ByteSize>(), Err(ValueError::Size), "{text}");
        }
    }

    #[test]
    fn a_value_may_stand_in_a_file_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value");
        fs::write(&path, "https://user:secret@rates.example\n").unwrap();

        let given = Given::from(path.to_str().unwrap());

        assert_eq!(given.read().unwrap(), "https://user:secret@rates.example");
        assert_eq!(Given::from("off").read().unwrap(), "off");
        assert!(Given::from("/no/such/file").read().is_err());
        assert_eq!(format!("{:?}", Given::from("secret")), "given");
    }
}
