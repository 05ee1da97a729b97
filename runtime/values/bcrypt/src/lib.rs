//! The password hash bcrypt, with a salt that is drawn from the run's seed.

use bggo_functions::args::args;
use bggo_values::context::Context;
use bggo_values::{Fault, Value};

/// The cost where the grid gives none.
const USUAL: u32 = 10;

/// Each more doubles the time: this one takes about a minute.
const DEAREST: usize = 20;

/// The longest password that the hash tells from a longer one.
const LONGEST: usize = 72;

/// The bcrypt hash of a password: the salt is another one in each iteration and instance.
///
/// # Errors
/// When the password is longer than 72 bytes or the cost is not 4 to 20.
pub fn bcrypt(context: &Context<'_>, values: &[Value]) -> Result<Value, Fault> {
    let args = args("bcrypt", values, 1, 2)?;
    let password = args.text(0)?;
    if password.len() > LONGEST {
        return Err(args.fault(0, "a password has at most 72 bytes"));
    }
    let cost = match args.any(1).is_null() {
        true => USUAL,
        false => u32::try_from(args.count(1, DEAREST)?).unwrap_or(0),
    };
    let wrong = |_| args.fault(1, "the cost must be 4 to 20");
    let salt = context.draw().to_be_bytes();
    let hash = bcrypt::hash_with_salt(password.as_bytes(), cost, salt).map_err(wrong)?;
    let mut text = String::new();
    // A String never refuses what is written to it. The mark `2a` is the one that Terraform writes.
    let _ = hash.write_for_version(bcrypt::Version::TwoA, &mut text);
    Ok(Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_values::Number;
    use bggo_values::context::{Draws, IterationKey, Site, WallClock};

    #[derive(Debug)]
    struct Stopped;

    impl WallClock for Stopped {
        fn since_epoch(&self) -> std::time::Duration {
            std::time::Duration::ZERO
        }
    }

    #[test]
    fn a_hash_is_of_its_password_and_its_salt_of_the_seed() {
        let hash = |seed: u64, password: &'static str| {
            let context = Context {
                seed,
                scenario: 0,
                iteration: IterationKey::Run(0),
                site: Site {
                    path: 0,
                    call: 0,
                    instance: 0,
                },
                draws: &Draws::new(),
                clock: &Stopped,
            };
            let values = [Value::text(password), Value::from(Number::new(4))];
            super::bcrypt(&context, &values).map(|value| value.to_string())
        };
        let first = hash(1, "secret").unwrap();
        assert!(first.starts_with("$2a$04$") && first.len() == 60, "{first}");
        assert!(bcrypt::verify("secret", &first).unwrap());
        assert!(!bcrypt::verify("other", &first).unwrap());
        assert_eq!(hash(1, "secret"), Ok(first.clone()));
        assert_ne!(hash(2, "secret"), Ok(first));
        let long: &'static str =
            "1234567890123456789012345678901234567890123456789012345678901234567890123";
        assert!(hash(1, long).is_err() && hash(1, &long[1..]).is_ok());
    }
}
