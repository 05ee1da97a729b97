//! A runner and an asset may use an asset of another module, that ships with bggo or not.

use bggo_tests::{Grid, bggo, repository};
use std::path::Path;

#[test]
fn a_module_uses_the_client_of_http_request() {
    let grid = r#"
resource "http_client" "shared" {
  arguments {
    user_agent = "shared/1"
  }
}
resource "visitor" "one" {
  uses {
    client = resource.http_client.shared
  }
}
step "agent" "given" {
  uses {
    client = resource.http_client.shared
  }
}
step "agent" "by_default" {
}
resource "visitor" "plain" {
}
resource "visitor" "wide" {
  scope = "worker"
}
step "print" "names" {
  arguments {
    input = [
      step.agent.given.output.name,
      resource.visitor.one.name,
      startswith(resource.visitor.plain.name, "bggo/"),
      resource.visitor.wide.name,
      startswith(step.agent.by_default.output.name, "bggo/"),
    ]
  }
}
"#;
    let grid = Grid::new(grid)
        .module(repository().join("tests/modules/agent"))
        .module(repository().join("tests/modules/probe"))
        .build();
    let ended = grid.start(&[]).finish().expect_code(0);
    assert_eq!(ended.stdout, "[\"shared/1\",\"shared/1\",true,null,true]\n");
}

#[test]
fn a_module_names_the_crates_that_stand_beside_the_runtime() {
    let grid = "step \"framed\" \"head\" {\n  arguments {\n    path = \"/x\"\n  }\n}\n\
                step \"print\" \"parts\" {\n  arguments {\n    input = step.framed.head.output.parts\n  }\n}\n";
    let grid = Grid::new(grid)
        .module(repository().join("tests/modules/framed"))
        .build();
    let ended = grid.start(&[]).finish().expect_code(0);
    assert_eq!(ended.stdout, "[33,14,1]\n");
}

/// What `bggo check` says of modules that cannot be used together: pairs of a folder and a manifest. The package of each is
/// called after its folder.
fn refused(modules: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let grid = folder.path().join("grid.hcl");
    std::fs::write(&grid, "step \"noop\" \"a\" {}\n").unwrap();
    let mut command = bggo();
    command.arg("check").arg(&grid).current_dir(folder.path());
    for (path, manifest) in modules {
        let path = Path::new(path);
        let name = path.file_name().unwrap().to_str().unwrap();
        let in_folder = folder.path().join(path);
        std::fs::create_dir_all(&in_folder).unwrap();
        let package = format!("[package]\nname = \"bggo-module-{name}\"\n");
        std::fs::write(in_folder.join("Cargo.toml"), package).unwrap();
        std::fs::write(in_folder.join("manifest.hcl"), manifest).unwrap();
        command.arg("--module").arg(path);
    }
    let said = command.output().unwrap();
    assert!(!said.status.success());
    String::from_utf8(said.stderr).unwrap()
}

#[test]
fn modules_that_cannot_be_used_together_are_named() {
    let same = "runner \"same\" {}\n";
    let uses = "  uses \"x\" {\n    module = \"first\"\n    asset  = \"gone\"\n  }\n";
    let mine = format!("asset \"mine\" {{\n{uses}}}\n");
    let text = refused(&[("first", same), ("second", same), ("third", &mine)]);
    for part in [
        "the modules `first` and `second` both declare the runner `same`",
        "asset `mine` of the module `third` uses `gone`, but the module `first` has no such asset",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn modules_of_one_name_are_told_apart_by_their_folders() {
    let same = "runner \"same\" {}\n";
    let text = refused(&[("a/echo", same), ("b/echo", same)]);
    for part in [
        "the modules `echo` in a/echo and `echo` in b/echo have one name: rename a folder",
        "the modules `echo` in a/echo and `echo` in b/echo both declare the runner `same`",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let text = refused(&[("noop", "runner \"noop\" {}\n")]);
    let part = "the modules `noop` of bggo and `noop` in noop both declare the runner `noop`";
    assert!(text.contains(part), "{text}");
}

#[test]
fn a_module_that_is_given_twice_is_one() {
    let module = repository().join("tests/modules/agent");
    let probe = repository().join("tests/modules/probe");
    let grid = Grid::new("step \"agent\" \"a\" {}\n")
        .module(&module)
        .module(probe)
        .module(module.join("../agent"));
    assert_eq!(grid.printed(&["check"]), "");
}
