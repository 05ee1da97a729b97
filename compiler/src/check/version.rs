//! Versions, and what a grid requires of them, in the words of Terraform's version constraints.

use std::fmt;

/// `0.1.0`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version([u32; 3]);

impl Version {
    /// That of this bggo.
    pub(super) const OWN: Self = Self([
        number(env!("CARGO_PKG_VERSION_MAJOR")),
        number(env!("CARGO_PKG_VERSION_MINOR")),
        number(env!("CARGO_PKG_VERSION_PATCH")),
    ]);

    /// Its parts, and how many were written.
    fn read(text: &str) -> Option<(Self, usize)> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let parts: Vec<&str> = text.split('.').collect();
        let mut version = [0; 3];
        if parts.len() > version.len() {
            return None;
        }
        for (place, part) in version.iter_mut().zip(&parts) {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            *place = part.parse().ok().filter(|_| digits)?;
        }
        Some((Self(version), parts.len()))
    }
}

/// Digits as a number; cargo gives no others.
const fn number(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let (mut at, mut number) = (0, 0);
    while at < bytes.len() {
        number = number * 10 + (bytes[at] - b'0') as u32;
        at += 1;
    }
    number
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([major, minor, patch]) = self;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// All conditions that a version must meet.
#[derive(Debug)]
pub(super) struct Required(Vec<Condition>);

#[derive(Debug, Clone, Copy)]
enum Condition {
    Is(Version),
    IsNot(Version),
    From(Version),
    Above(Version),
    UpTo(Version),
    Below(Version),
}

impl Required {
    /// Conditions with commas between them; `None` where they cannot be read.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut all = Vec::new();
        for part in text.split(',') {
            let part = part.trim();
            let signs = part.find(|letter| !"=!<>~".contains(letter))?;
            let (sign, version) = part.split_at(signs);
            let (version, parts) = Version::read(version.trim())?;
            let condition = match sign {
                "" | "=" => Condition::Is(version),
                "!=" => Condition::IsNot(version),
                ">=" => Condition::From(version),
                ">" => Condition::Above(version),
                "<=" => Condition::UpTo(version),
                "<" => Condition::Below(version),
                "~>" => {
                    // Only the last part that is written may grow.
                    let Version(mut next) = version;
                    let grows = parts.checked_sub(2)?;
                    next[grows] += 1;
                    next[grows + 1..].fill(0);
                    all.push(Condition::From(version));
                    Condition::Below(Version(next))
                }
                _ => return None,
            };
            all.push(condition);
        }
        Some(Self(all))
    }

    /// Whether a version meets all of them.
    pub(super) fn takes(&self, own: Version) -> bool {
        self.0.iter().all(|condition| match condition {
            Condition::Is(version) => own == *version,
            Condition::IsNot(version) => own != *version,
            Condition::From(version) => own >= *version,
            Condition::Above(version) => own > *version,
            Condition::UpTo(version) => own <= *version,
            Condition::Below(version) => own < *version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_those_of_terraform() {
        let takes = |text: &str, version: &str| {
            let required = Required::read(text).unwrap();
            required.takes(Version::read(version).unwrap().0)
        };
        assert!(takes("1.2.3", "1.2.3") && !takes("= 1.2.3", "1.2.4"));
        assert!(takes("!= 1.2", "1.2.1") && !takes("!=1.2", "1.2.0"));
        assert!(takes(">= 0.1, < 2.0", "1.9.9") && !takes(">= 0.1, < 2.0", "2.0.0"));
        assert!(takes("> 1.0", "1.0.1") && !takes("> 1.0", "1.0.0"));
        assert!(takes("<= 1.0", "1.0.0") && !takes("<= 1.0", "1.0.1"));
        assert!(takes("~> 1.2", "1.9.0") && !takes("~> 1.2", "2.0.0"));
        assert!(takes("~> 1.2.3", "1.2.9") && !takes("~> 1.2.3", "1.3.0"));
        assert!(!takes("~> 1.2", "1.1.0"));
        for wrong in [
            "", "x", "1.2.3.4", ">", "=> 1", "1..2", "~> 1", ">= 1 < 2", "-1",
        ] {
            assert!(Required::read(wrong).is_none(), "{wrong}");
        }
    }
}
