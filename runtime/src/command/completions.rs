//! The flags of a program -> the completion script of a shell.
//!
//! They are short, since a program has only flags and no subcommands.

use super::arguments::{Flag, HELP, VERSION};
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

/// Their names on the command line.
pub const SHELL_NAMES: [&str; 3] = ["bash", "zsh", "fish"];

impl Shell {
    /// The shell of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        let shells = [Self::Bash, Self::Zsh, Self::Fish];
        let number = SHELL_NAMES.iter().position(|known| *known == name)?;
        shells.get(number).copied()
    }
}

/// What comes after a flag.
enum Follows {
    Nothing,
    OneOf(&'static [&'static str]),
    File,
    Anything,
}

/// The script that completes these flags, `--help` and `--version` for a program of this name.
pub fn script(flags: &[Flag<'_>], shell: Shell, program: &str) -> String {
    let flags: Vec<(&str, Follows, String)> = flags
        .iter()
        .chain([&HELP, &VERSION])
        .map(|flag| (flag.name, follows(flag), help(flag)))
        .collect();
    match shell {
        Shell::Bash => bash(&flags, program),
        Shell::Zsh => zsh(&flags, program),
        Shell::Fish => fish(&flags, program),
    }
}

fn help(flag: &Flag<'_>) -> String {
    // One line is shown beside a flag.
    flag.help.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn follows(flag: &Flag<'_>) -> Follows {
    if flag.value.is_empty() {
        Follows::Nothing
    } else if !flag.one_of.is_empty() {
        Follows::OneOf(flag.one_of)
    } else if flag.path {
        Follows::File
    } else {
        Follows::Anything
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

    const FLAGS: [Flag<'static>; 4] = [
        Flag::new("once").help("It's [the default]"),
        Flag::new("vus").value("N").help("Users"),
        Flag::new("log-format")
            .value("FORMAT")
            .one_of(&["text", "json"])
            .help("Lines"),
        Flag::new("var-file").path("FILE").help("A file"),
    ];

    /// What bash offers after these words of a command line.
    fn offered(words: &str, word: &str, before: &str) -> Vec<String> {
        let script = script(&FLAGS, Shell::Bash, "my shop");
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
        assert_eq!(
            offered("", "--v", "shop"),
            ["--vus", "--var-file", "--version"]
        );
        assert_eq!(offered("", "", "--log-format"), ["text", "json"]);
        assert_eq!(offered("", "", "--vus"), [""; 0]);
        assert_eq!(offered("", "/et", "--var-file"), ["/etc"]);
        assert_eq!(offered("", "--he", "--once"), ["--help"]);
    }

    #[test]
    fn zsh_and_fish_are_told_the_same_with_its_help() {
        let zsh = script(&FLAGS, Shell::Zsh, "shop");
        assert!(zsh.starts_with("#compdef shop\n_arguments"), "{zsh}");
        for line in [
            r"'--once[It'\''s \[the default\]]'",
            "'--vus=[Users]:value: '",
            "'--log-format=[Lines]:value:(text json)'",
            "'--var-file=[A file]:file:_files'",
        ] {
            assert!(zsh.contains(line), "{line} in\n{zsh}");
        }
        let fish = script(&FLAGS, Shell::Fish, "shop");
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
