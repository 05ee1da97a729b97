//! Checks before the first build what the machine must have. Each missing thing gets a hint of one line.

use super::environment::cleared;
use super::fault::LinkFault;
use std::io::ErrorKind;
use std::path::Path;

/// The oldest rustc that compiles the runtime.
const OLDEST: (u32, u32) = (1, 88);
const INSTALL_RUST: &str =
    "install Rust: https://rustup.rs, or `apt-get install cargo rustc` where they are new enough";
const INSTALL_C: &str = "install a C compiler and the C library: `apt-get install gcc libc6-dev`";

/// Checks cargo, rustc, the C compiler and the static C library; gives back the host's triple.
pub fn check() -> Result<String, LinkFault> {
    said("cargo", &["--version"]).map_err(|missing| missing.fault("cargo", INSTALL_RUST))?;
    let rustc = said("rustc", &["-vV"]).map_err(|missing| missing.fault("rustc", INSTALL_RUST))?;
    let host = new_enough(&rustc)?;
    // `cc` prints the path of the library, wherever it is, or the bare name if it does not find it.
    let library = said("cc", &["-print-file-name=libc.a"])
        .map_err(|missing| missing.fault("cc", INSTALL_C))?;
    if !Path::new(library.trim()).is_absolute() {
        return Err(LinkFault::machine(
            "the static C library, libc.a, is missing",
            "install it: `apt-get install libc6-dev`",
        ));
    }
    Ok(host)
}

enum Missing {
    NotFound,
    Failed(String),
}

impl Missing {
    fn fault(self, program: &str, cure: &str) -> LinkFault {
        match self {
            Self::NotFound => LinkFault::machine(
                format!("`{program}` is not installed, or not on PATH"),
                cure,
            ),
            Self::Failed(said) => {
                LinkFault::machine(format!("`{program}` does not work"), cure).details(said)
            }
        }
    }
}

fn said(program: &str, arguments: &[&str]) -> Result<String, Missing> {
    let output = cleared(program)
        .args(arguments)
        .output()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => Missing::NotFound,
            _ => Missing::Failed(error.to_string()),
        })?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Missing::Failed(
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ))
    }
}

/// Reads what `rustc -vV` prints.
fn new_enough(said: &str) -> Result<String, LinkFault> {
    let field = |name: &str| {
        said.lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_default()
            .trim()
    };
    let release = field("release:");
    let mut numbers = release
        .split(['.', '-'])
        .map_while(|number| number.parse::<u32>().ok());
    let found = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    if found < OLDEST {
        return Err(LinkFault::machine(
            format!(
                "rustc {release} is too old, bggo needs {}.{} or newer",
                OLDEST.0, OLDEST.1
            ),
            "update it: `rustup update`, or install Rust from https://rustup.rs",
        ));
    }
    Ok(field("host:").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_rustc_is_refused_with_both_versions_and_a_cure() {
        let fault = new_enough("rustc 1.63.0\nhost: x86_64-unknown-linux-gnu\nrelease: 1.63.0\n")
            .unwrap_err();
        assert_eq!(
            fault.text,
            "rustc 1.63.0 is too old, bggo needs 1.88 or newer"
        );
        assert!(fault.hint.contains("rustup update"));
    }

    #[test]
    fn a_new_rustc_gives_its_host() {
        let host = new_enough(
            "rustc 1.95.0-nightly\nhost: x86_64-unknown-linux-gnu\nrelease: 1.95.0-nightly\n",
        )
        .unwrap();
        assert_eq!(host, "x86_64-unknown-linux-gnu");
    }
}
