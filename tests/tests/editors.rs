//! What `editors/` holds: the extension of VS Code with its grammar, and queries for tree-sitter.

use bggo_tests::repository;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A grid with a bit of everything that has a colour of its own.
const GRID: &str = r#"# bggo: allow(loose_steps)
flow "login" {
  input "user" { type = string }

  step "http_request" "ask" {
    for_each = { for key, name in var.names : key => upper(name) if name != null }

    arguments {
      url  = "http://${local.host}:8080/\n$${no}%{ if true }x%{ endif }"
      body = <<-JSON
        { "a": ${each.value} }
      JSON
    }
  }
}
"#;

/// What a program prints, given a text. `None` where it fails, with what it says.
fn answer(command: &mut Command, given: &str) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{command:?}: {error}; tests/install.sh installs what is needed")
        });
    // A program that fails early takes no text.
    let _ = child.stdin.take().unwrap().write_all(given.as_bytes());
    let ended = child.wait_with_output().unwrap();
    match ended.status.success() {
        true => Ok(String::from_utf8(ended.stdout).unwrap()),
        false => Err(String::from_utf8_lossy(&ended.stderr).into_owned()),
    }
}

/// A script of `tests/editors` with the packages that it needs.
fn script(name: &str, file: &Path) -> Command {
    let root = repository();
    let mut command = Command::new("node");
    command.arg(root.join("tests/editors").join(name));
    command.arg(root.join("target/editors")).arg(file);
    command
}

fn query(name: &str, grid: &str) -> Value {
    let file = repository().join("editors/tree-sitter/queries").join(name);
    let found = answer(&mut script("tree_sitter.mjs", &file), grid);
    let found = found.unwrap_or_else(|fault| panic!("{name}: {fault}"));
    serde_json::from_str(&found).unwrap()
}

/// The tokens of each text: pairs of a text and its scopes.
fn tokens(texts: &[String]) -> Vec<Vec<(String, Vec<String>)>> {
    let file = repository().join("editors/vscode/syntaxes/bggo.tmLanguage.json");
    let given = json!(texts).to_string();
    let found = answer(&mut script("textmate.mjs", &file), &given).unwrap();
    serde_json::from_str(&found).unwrap()
}

fn examples() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(repository().join("examples")).unwrap();
    let paths = folder.map(|entry| entry.unwrap().path());
    let mut grids: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|is| is == "hcl"))
        .collect();
    grids.sort();
    assert!(grids.len() > 10, "{grids:?}");
    grids
}

#[test]
fn the_grammar_of_the_extension_tells_words_apart() {
    let found = tokens(&[GRID.to_owned()]).remove(0);
    let mut rest = found.iter();
    // In the order of the text.
    for (piece, scope) in [
        ("allow", "keyword.control.allow"),
        ("loose_steps", "entity.name.tag.code"),
        ("flow", "storage.type"),
        ("\"login\"", "string.quoted.double.label"),
        ("input", "entity.name.type"),
        ("type", "variable.other.property"),
        ("=", "keyword.operator.assignment"),
        ("string", "variable.other"),
        ("step", "storage.type"),
        ("for_each", "variable.other.property"),
        ("for", "keyword.control"),
        ("in", "keyword.control"),
        ("var", "variable.language"),
        ("names", "variable.other.member"),
        (":", "keyword.operator"),
        ("=>", "keyword.operator"),
        ("upper", "support.function"),
        ("if", "keyword.control"),
        ("!=", "keyword.operator"),
        ("null", "constant.language"),
        ("arguments", "entity.name.type"),
        ("http://", "string.quoted.double"),
        ("${", "punctuation.section.interpolation.begin"),
        ("local", "variable.language"),
        ("host", "variable.other.member"),
        (":8080/", "string.quoted.double"),
        ("\\n", "constant.character.escape"),
        ("$$", "constant.character.escape"),
        ("%{", "punctuation.section.directive.begin"),
        ("if", "keyword.control"),
        ("true", "constant.language"),
        ("endif", "keyword.control"),
        ("<<-", "keyword.operator.heredoc"),
        ("JSON", "entity.name.label.heredoc"),
        ("each", "variable.language"),
        ("JSON", "entity.name.label.heredoc"),
        ("}", "punctuation.section.block.end"),
    ] {
        let is_next = |(text, scopes): &&(String, Vec<String>)| {
            let last = scopes.last().unwrap();
            text.trim() == piece && last.strip_suffix(".bggo").unwrap_or(last) == scope
        };
        assert!(
            rest.by_ref().any(|token| is_next(&token)),
            "`{piece}` is no {scope} in {found:#?}"
        );
    }
}

#[test]
fn every_example_ends_outside_of_all_blocks_and_has_nothing_wrong_in_it() {
    let end = "\nlocals {\n}\n";
    let texts = examples()
        .into_iter()
        .map(|path| std::fs::read_to_string(path).unwrap() + end);
    let texts: Vec<String> = texts.collect();
    for (text, tokens) in texts.iter().zip(tokens(&texts)) {
        let wrong = tokens
            .iter()
            .find(|(_, scopes)| scopes.iter().any(|one| one.starts_with("invalid")));
        assert_eq!(wrong, None, "{text}");
        let last = tokens
            .iter()
            .rfind(|(text, _)| text.trim() == "locals")
            .unwrap();
        assert_eq!(
            last.1,
            ["source.bggo", "meta.block.bggo", "storage.type.bggo"],
            "{text}"
        );
    }
}

#[test]
fn the_queries_for_tree_sitter_name_what_its_grammar_has() {
    let highlights = query("highlights.scm", GRID);
    assert_eq!(highlights["broken"], false);
    // The last capture of a piece counts.
    for (piece, name) in [
        ("# bggo: allow(loose_steps)", "comment"),
        ("flow", "keyword"),
        ("\"login\"", "label"),
        ("arguments", "type"),
        ("for_each", "property"),
        ("for", "keyword"),
        ("names", "variable.member"),
        ("upper", "function.call"),
        ("var", "variable.builtin"),
        ("local", "variable.builtin"),
        ("null", "constant.builtin"),
        ("true", "boolean"),
        ("${", "punctuation.special"),
        ("!=", "operator"),
        ("JSON", "label"),
        ("url", "property"),
    ] {
        let captures = highlights["captures"].as_array().unwrap();
        let of_piece = captures.iter().rfind(|capture| capture[1] == piece);
        let of_piece = of_piece.unwrap_or_else(|| panic!("{piece}: {captures:?}"));
        assert_eq!(of_piece[0], name, "{piece}");
    }
    let captured = |file: &str, name: &str| -> Vec<String> {
        let found = query(file, GRID);
        let captures = found["captures"].as_array().unwrap().iter();
        let of_name = captures.filter(|capture| capture[0] == name);
        of_name
            .map(|capture| capture[1].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        captured("locals.scm", "local.definition.var"),
        ["key", "name"]
    );
    assert!(captured("locals.scm", "local.reference").contains(&"name".to_owned()));
    assert!(
        captured("folds.scm", "fold")
            .iter()
            .any(|fold| fold.starts_with("arguments {"))
    );
    assert_eq!(captured("injections.scm", "injection.language")[0], "JSON");
    for path in examples() {
        let found = query("highlights.scm", &std::fs::read_to_string(&path).unwrap());
        assert_eq!(found["broken"], false, "{}", path.display());
    }
}

#[test]
fn the_code_of_the_extension_does_what_it_must() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("node");
    command.args(["--test", "extension.test.js"]);
    command.current_dir(repository().join("editors/vscode/test"));
    command.env("TMPDIR", folder.path());
    let said = answer(&mut command, "").unwrap_or_else(|fault| panic!("{fault}"));
    assert!(
        said.contains("# fail 0") && !said.contains("# pass 0"),
        "{said}"
    );
}

#[test]
fn the_packed_extension_holds_what_it_needs_and_loads() {
    let root = repository();
    let mut pack = Command::new(root.join("editors/vscode/pack.sh"));
    answer(&mut pack, "").unwrap_or_else(|fault| panic!("{fault}"));
    let packed = root.join("target/bggo.vsix");
    let list = answer(
        Command::new("python3")
            .args(["-m", "zipfile", "-l"])
            .arg(&packed),
        "",
    )
    .unwrap();
    let files: Vec<&str> = list
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    for file in [
        "extension.vsixmanifest",
        "extension/package.json",
        "extension/extension.js",
        "extension/server.js",
        "extension/language-configuration.json",
        "extension/syntaxes/bggo.tmLanguage.json",
        "extension/LICENSE.txt",
        "extension/readme.md",
        "extension/node_modules/vscode-languageclient/package.json",
    ] {
        assert!(files.contains(&file), "{file} is not in {files:#?}");
    }
    let beside =
        |file: &&&str| file.contains("/test/") || file.contains("vsce") || file.contains("pack.sh");
    assert_eq!(files.iter().find(beside), None);
    let folder = tempfile::tempdir().unwrap();
    let mut unpack = Command::new("python3");
    unpack
        .args(["-m", "zipfile", "-e"])
        .arg(&packed)
        .arg(folder.path());
    answer(&mut unpack, "").unwrap();
    let mut load = Command::new("node");
    load.arg(root.join("tests/editors/load.js"))
        .arg(folder.path().join("extension"));
    let loaded = answer(&mut load, "").unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(loaded.trim(), "function function function");
}

#[test]
fn the_lock_file_of_the_extension_names_no_host_of_packages() {
    let lock =
        std::fs::read_to_string(repository().join("editors/vscode/package-lock.json")).unwrap();
    let lock: Value = serde_json::from_str(&lock).unwrap();
    let packages = lock["packages"].as_object().unwrap();
    assert!(packages.len() > 5);
    for (name, package) in packages {
        let resolved = package["resolved"]
            .as_str()
            .unwrap_or("https://registry.npmjs.org/");
        assert!(
            resolved.starts_with("https://registry.npmjs.org/"),
            "{name}: {resolved}"
        );
        assert!(
            name.is_empty() || package["integrity"].is_string(),
            "{name} has no hash"
        );
    }
}
