//! From the output of a failed build: who caused it, and what to do.

use super::cargo_output::CargoOutput;
use super::external_module::ExternalModule;
use super::fault::LinkFault;
use super::package::sources_of;
use std::path::Path;

/// What the machine lacks, by words of rustc, the linker and cargo: (words, what happened, what to do).
const OF_THE_MACHINE: [(&str, &str, &str); 10] = [
    (
        "linker `cc` not found",
        "the C compiler, `cc`, is missing: it links the program",
        "install it: `apt-get install gcc libc6-dev`",
    ),
    (
        "failed to find tool \"cc\"",
        "the C compiler, `cc`, is missing",
        "install it: `apt-get install gcc libc6-dev`",
    ),
    (
        "cannot find -lc",
        "the static C library, libc.a, is missing",
        "install it: `apt-get install libc6-dev`",
    ),
    (
        "Could not resolve host",
        "crates.io cannot be reached",
        "look at your network or proxy settings; `--offline` does without, once every crate is on disk",
    ),
    (
        "failed to download",
        "a crate could not be downloaded",
        "look at your network or proxy settings and run the command again",
    ),
    (
        "you may want to run without the --offline flag",
        "a crate that the program needs is not on this disk",
        "run the command once without `--offline`",
    ),
    (
        "attempting to make an HTTP request, but --offline was specified",
        "a crate that the program needs is not on this disk",
        "run the command once without `--offline`",
    ),
    (
        "you're using offline mode",
        "a crate that the program needs is not on this disk",
        "run the command once without `--offline`",
    ),
    (
        "signal: 9",
        "a compiler was killed, probably because the machine ran out of memory",
        "run the command again with more memory free",
    ),
    (
        "Permission denied",
        "cargo may not read or write a file",
        "look at the rights of the folder that is named below",
    ),
];

/// Finds the cause of a failed build.
pub fn diagnose(
    output: &CargoOutput,
    modules: &[ExternalModule],
    workspace: &Path,
    cache: &Path,
) -> LinkFault {
    let errors = || output.errors.iter().map(|(_, words)| words.as_str());
    let lines = || output.lines.iter().map(String::as_str);
    let said = |words: &str| errors().chain(lines()).any(|line| line.contains(words));
    let kept = lines().filter(|line| !is_progress(line));
    let details: Vec<&str> = errors().map(str::trim_end).chain(kept).collect();
    let details = details.join("\n");
    if said("No space left on device") {
        // Every crate that was being compiled repeats this error.
        return LinkFault::full(cache);
    }
    for (words, text, hint) in OF_THE_MACHINE {
        if said(words) {
            return LinkFault::machine(text, hint).details(details);
        }
    }
    // The module itself, or a package that it brings by a path.
    let of = |module: &&ExternalModule| {
        let mut folders = sources_of(&module.folder);
        folders.push(module.folder.clone());
        let mut refused = output.errors.iter().filter_map(|(path, _)| path.parent());
        refused.any(|refused| folders.iter().any(|folder| folder == refused))
    };
    if let Some(module) = modules.iter().find(of) {
        let text = format!("the module `{}` does not compile", module.crate_name);
        return LinkFault::machine(text, "correct it: `docs/modules.md` takes you through one")
            .details(details);
    }
    let text = if output.errors.is_empty() {
        "cargo could not build what bggo emitted; this is a bug in bggo"
    } else {
        "rustc refused what bggo emitted; this is a bug in bggo, not in your grid"
    };
    let hint = format!(
        "please report it with the emitted source, which is kept in `{}`",
        workspace.display()
    );
    LinkFault::bug(text, hint).details(details)
}

/// Lines about cargo's own work, such as the whole command line of a rustc that failed.
fn is_progress(line: &str) -> bool {
    let word = line.trim_start().split(' ').next().unwrap_or_default();
    [
        "Compiling",
        "Finished",
        "Locking",
        "Adding",
        "Fresh",
        "Blocking",
        "Running",
        "Caused",
        "process",
    ]
    .contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::fault::FaultCause;

    fn of(errors: &[&str], lines: &[&str]) -> LinkFault {
        let mut output = CargoOutput::default();
        output
            .lines
            .extend(lines.iter().map(|line| (*line).to_owned()));
        for words in errors {
            output
                .errors
                .push(("/modules/mine/Cargo.toml".into(), (*words).to_owned()));
        }
        diagnose(
            &output,
            &[],
            Path::new("/cache/grids/1"),
            Path::new("/cache"),
        )
    }

    #[test]
    fn an_error_in_an_external_module_is_no_bug_of_bggo() {
        let mut output = CargoOutput::default();
        output
            .errors
            .push(("/modules/mine/Cargo.toml".into(), "error[E0425]".to_owned()));
        let mine = ExternalModule {
            folder: "/modules/mine".into(),
            crate_name: "mine".to_owned(),
            manifest: String::new(),
        };
        let fault = diagnose(&output, &[mine], Path::new("/grids/1"), Path::new("/"));
        assert_eq!(fault.cause, FaultCause::Machine);
        assert!(fault.text.contains("`mine` does not compile"));
    }

    #[test]
    fn an_error_in_a_package_that_a_module_brings_by_a_path_is_no_bug_of_bggo() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (name, manifest) in [
            ("mine", "[dependencies]\nnear = { path = \"../near\" }\n"),
            ("near", ""),
        ] {
            std::fs::create_dir(root.join(name)).unwrap();
            std::fs::write(root.join(name).join("Cargo.toml"), manifest).unwrap();
        }
        let mine = ExternalModule {
            folder: root.join("mine"),
            crate_name: "mine".to_owned(),
            manifest: String::new(),
        };
        let mut output = CargoOutput::default();
        output
            .errors
            .push((root.join("near/Cargo.toml"), "error[E0425]".to_owned()));
        let fault = diagnose(&output, &[mine], Path::new("/grids/1"), Path::new("/"));
        assert_eq!(fault.cause, FaultCause::Machine, "{}", fault.text);
    }

    #[test]
    fn an_error_of_rustc_is_a_bug_of_bggo_and_names_the_emitted_source() {
        let fault = of(
            &["error[E0308]: mismatched types"],
            &[
                "   Compiling grid v0.0.0",
                "error: could not compile `grid`",
            ],
        );
        assert_eq!(fault.cause, FaultCause::Bug);
        assert!(fault.hint.contains("/cache/grids/1"));
        assert!(fault.details.contains("E0308") && !fault.details.contains("Compiling"));
    }

    #[test]
    fn a_missing_linker_a_missing_library_and_a_full_disk_are_faults_of_the_machine() {
        for (line, cure) in [
            ("error: linker `cc` not found", "gcc"),
            (
                "/usr/bin/ld: cannot find -lc: No such file or directory",
                "libc6-dev",
            ),
            (
                "error: failed to write x: No space left on device (os error 28)",
                "free some space",
            ),
        ] {
            let fault = of(&[line], &[]);
            assert_eq!(fault.cause, FaultCause::Machine, "{line}");
            assert!(fault.hint.contains(cure), "{line}: {}", fault.hint);
        }
    }
}
