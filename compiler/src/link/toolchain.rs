//! Checks before the first build what the machine must have, and finds what its linker can do. Each missing thing gets a hint
//! of one line.

use super::environment::cleared;
use super::fault::LinkFault;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Stdio;

/// The oldest rustc that compiles the runtime.
const OLDEST: (u32, u32) = (1, 89);
const INSTALL_RUST: &str =
    "install Rust: https://rustup.rs, or `apt-get install cargo rustc` where they are new enough";
const INSTALL_C: &str = "install a C compiler and the C library: `apt-get install gcc libc6-dev`";

/// What is known of the machine after the first build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The host's triple.
    pub host: String,
    /// What the linker is told beside the usual.
    pub linking: Linking,
}

/// What the linker is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linking {
    /// Nothing.
    Plain,
    /// To keep one of several functions that have the same bytes.
    Folded,
}

impl Linking {
    /// Flags of rustc.
    pub fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &[],
            // A program is smaller by 1.2 %. Rust does not promise different addresses to different functions.
            Self::Folded => &["-C", "link-arg=-Wl,--icf=all"],
        }
    }
}

impl Machine {
    /// As it is kept in a file.
    pub fn text(&self) -> String {
        let Self { host, linking } = self;
        format!("{host}\n{linking:?}\n")
    }

    /// The reverse.
    pub fn of_text(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let host = lines.next().filter(|host| !host.is_empty())?.to_owned();
        let known = [Linking::Plain, Linking::Folded];
        let word = lines.next()?;
        let linking = known
            .into_iter()
            .find(|linking| format!("{linking:?}") == word)?;
        Some(Self { host, linking })
    }
}

/// Links a small program in `folder`: only the linker itself can tell what it can do. lld can fold, ld cannot.
pub fn linking(folder: &Path) -> Linking {
    let source = folder.join("linker.rs");
    let program = folder.join("linker");
    if fs::write(&source, "fn main() {}\n").is_err() {
        return Linking::Plain;
    }
    let linked = cleared("rustc")
        .arg(&source)
        .arg("-o")
        .arg(&program)
        .args(Linking::Folded.flags())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    for file in [source, program] {
        // If it stays, it takes some space.
        let _ = fs::remove_file(file);
    }
    match linked {
        Ok(status) if status.success() => Linking::Folded,
        _ => Linking::Plain,
    }
}

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
    fn a_linker_is_told_only_what_it_can_do_and_the_trial_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let linking = linking(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        // Told the same again, it links.
        let source = folder.path().join("program.rs");
        fs::write(&source, "fn main() {}").unwrap();
        let linked = cleared("rustc")
            .arg(&source)
            .arg("-o")
            .arg(folder.path().join("program"))
            .args(linking.flags())
            .status();
        assert!(linked.unwrap().success(), "{linking:?}");
        // Where it cannot even write, nothing is asked of it.
        let nowhere = folder.path().join("nowhere");
        assert_eq!(super::linking(&nowhere), Linking::Plain);
    }

    #[test]
    fn what_is_kept_of_a_machine_is_read_again() {
        for linking in [Linking::Plain, Linking::Folded] {
            let machine = Machine {
                host: "x86_64-unknown-linux-gnu".to_owned(),
                linking,
            };
            assert_eq!(Machine::of_text(&machine.text()), Some(machine));
        }
        // As versions before wrote it.
        assert_eq!(Machine::of_text("x86_64-unknown-linux-gnu"), None);
    }

    #[test]
    fn the_oldest_rustc_is_the_one_that_the_packages_name() {
        let named = format!("{}.{}", OLDEST.0, OLDEST.1);
        assert_eq!(named, env!("CARGO_PKG_RUST_VERSION"));
    }

    #[test]
    fn an_old_rustc_is_refused_with_both_versions_and_a_cure() {
        let fault = new_enough("rustc 1.63.0\nhost: x86_64-unknown-linux-gnu\nrelease: 1.63.0\n")
            .unwrap_err();
        assert_eq!(
            fault.text,
            "rustc 1.63.0 is too old, bggo needs 1.89 or newer"
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
