//! The flags of a program -> the completion script of a shell.
//!
//! Written by hand: the crate for all of clap would make every program larger, and a program has only flags and no
//! subcommands.

use clap::{Arg, Command, ValueHint};
use std::fmt::Write;

/// A shell that completes flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// `source <(./program --completions bash)`
    Bash,
    /// A file `_program` of the folders in `fpath`.
    Zsh,
    /// A file `program.fish` of fish's `completions` folder.
    Fish,
}

/// By their names on the command line.
pub const SHELLS: [(&str, Shell); 3] = [
    ("bash", Shell::Bash),
    ("zsh", Shell::Zsh),
    ("fish", Shell::Fish),
];

/// What comes after a flag.
enum Follows {
    Nothing,
    OneOf(Vec<String>),
    File,
    Anything,
}

/// The script that completes the flags of `command` for a program of this name.
pub fn script(command: &mut Command, shell: Shell, program: &str) -> String {
    // Adds `--help` and `--version`.
    command.build();
    let flags: Vec<(&str, Follows, String)> = command
        .get_arguments()
        .filter_map(|flag| Some((flag.get_long()?, follows(flag), help(flag))))
        .collect();
    match shell {
        Shell::Bash => bash(&flags, program),
        Shell::Zsh => zsh(&flags, program),
        Shell::Fish => fish(&flags, program),
    }
}

fn help(flag: &Arg) -> String {
    let text = flag.get_help().map(ToString::to_string).unwrap_or_default();
    // One line is shown beside a flag.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn follows(flag: &Arg) -> Follows {
    if !flag.get_action().takes_values() {
        return Follows::Nothing;
    }
    let values = flag.get_possible_values();
    if !values.is_empty() {
        let names = values.iter().map(|value| value.get_name().to_owned());
        return Follows::OneOf(names.collect());
    }
    match flag.get_value_hint() {
        ValueHint::AnyPath | ValueHint::FilePath => Follows::File,
        _ => Follows::Anything,
    }
}

/// Text in single quotes, as bash and zsh read it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn bash(flags: &[(&str, Follows, String)], program: &str) -> String {
    let mut cases = String::new();
    for (name, follows, _) in flags {
        let reply = match follows {
            Follows::Nothing => continue,
            Follows::OneOf(values) => {
                format!("$(compgen -W {} -- \"$2\")", quoted(&values.join(" ")))
            }
            Follows::File => "$(compgen -f -- \"$2\")".to_owned(),
            Follows::Anything => String::new(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(cases, "        --{name}) COMPREPLY=({reply}) ;;");
    }
    let names: Vec<String> = flags.iter().map(|(name, ..)| format!("--{name}")).collect();
    let function: String = program
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    format!(
        "_complete_{function}() {{\n    case \"$3\" in\n{cases}        *) COMPREPLY=($(compgen -W {} -- \"$2\")) ;;\n    esac\n}}\ncomplete -F _complete_{function} {}\n",
        quoted(&names.join(" ")),
        quoted(program)
    )
}

fn zsh(flags: &[(&str, Follows, String)], program: &str) -> String {
    let mut script = format!("#compdef {program}\n_arguments");
    for (name, follows, help) in flags {
        let mut shown = String::new();
        for c in help.chars() {
            if matches!(c, '[' | ']' | ':' | '\\') {
                shown.push('\\');
            }
            shown.push(c);
        }
        let flag = match follows {
            Follows::Nothing => format!("--{name}[{shown}]"),
            Follows::OneOf(values) => format!("--{name}=[{shown}]:value:({})", values.join(" ")),
            Follows::File => format!("--{name}=[{shown}]:file:_files"),
            Follows::Anything => format!("--{name}=[{shown}]:value: "),
        };
        let _ = write!(script, " \\\n    {}", quoted(&flag));
    }
    script.push('\n');
    script
}

fn fish(flags: &[(&str, Follows, String)], program: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"));
    let mut script = String::new();
    for (name, follows, help) in flags {
        let value = match follows {
            Follows::Nothing => String::new(),
            Follows::OneOf(values) => format!(" -x -a {}", quoted(&values.join(" "))),
            Follows::File => " -r -F".to_owned(),
            Follows::Anything => " -x".to_owned(),
        };
        let _ = writeln!(
            script,
            "complete -c {} -l {name}{value} -d {}",
            quoted(program),
            quoted(help)
        );
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ArgAction;
    use std::path::PathBuf;

    fn command() -> Command {
        Command::new("shop").args([
            Arg::new("once")
                .long("once")
                .action(ArgAction::SetTrue)
                .help("It's [the default]"),
            Arg::new("vus").long("vus").help("Users"),
            Arg::new("format")
                .long("log-format")
                .value_parser(["text", "json"])
                .help("Lines"),
            Arg::new("file")
                .long("var-file")
                .value_parser(clap::value_parser!(PathBuf))
                .help("A file"),
        ])
    }

    /// What bash offers after these words of a command line.
    fn offered(words: &str, word: &str, before: &str) -> Vec<String> {
        let script = script(&mut command(), Shell::Bash, "my shop");
        let run = format!(
            "{script}{words}_complete_my_shop shop '{word}' '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let output = std::process::Command::new("bash")
            .args(["-c", &run])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn bash_completes_flags_and_the_values_that_are_known() {
        assert_eq!(offered("", "--v", "shop"), ["--vus", "--var-file"]);
        assert_eq!(offered("", "", "--log-format"), ["text", "json"]);
        assert_eq!(offered("", "", "--vus"), [""; 0]);
        assert_eq!(offered("", "/et", "--var-file"), ["/etc"]);
        assert_eq!(offered("", "--he", "--once"), ["--help"]);
    }

    #[test]
    fn zsh_and_fish_are_told_the_same_with_its_help() {
        let zsh = script(&mut command(), Shell::Zsh, "shop");
        assert!(zsh.starts_with("#compdef shop\n_arguments"), "{zsh}");
        for line in [
            r"'--once[It'\''s \[the default\]]'",
            "'--vus=[Users]:value: '",
            "'--log-format=[Lines]:value:(text json)'",
            "'--var-file=[A file]:file:_files'",
        ] {
            assert!(zsh.contains(line), "{line} in\n{zsh}");
        }
        let fish = script(&mut command(), Shell::Fish, "shop");
        for line in [
            r"complete -c 'shop' -l once -d 'It\'s [the default]'",
            "complete -c 'shop' -l vus -x -d 'Users'",
            "complete -c 'shop' -l log-format -x -a 'text json' -d 'Lines'",
            "complete -c 'shop' -l var-file -r -F -d 'A file'",
        ] {
            assert!(fish.contains(line), "{line} in\n{fish}");
        }
    }
}
