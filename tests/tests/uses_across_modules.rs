//! A runner and an asset may use an asset of another module, that ships with bggo or not.

use bggo_tests::{Grid, bggo, repository};

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
step "print" "names" {
  arguments {
    input = [
      step.agent.given.output.name,
      resource.visitor.one.name,
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
    assert_eq!(ended.stdout, "[\"shared/1\",\"shared/1\",true]\n");
}

#[test]
fn modules_that_cannot_be_used_together_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let grid = folder.path().join("grid.hcl");
    std::fs::write(&grid, "step \"noop\" \"a\" {}\n").unwrap();
    let module = |name: &str, manifest: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir(&path).unwrap();
        let package = format!("[package]\nname = \"bggo-module-{name}\"\n");
        std::fs::write(path.join("Cargo.toml"), package).unwrap();
        std::fs::write(path.join("manifest.hcl"), manifest).unwrap();
        path
    };
    let first = module("first", "runner \"same\" {}\n");
    let second = module("second", "runner \"same\" {}\n");
    let uses = "  uses \"x\" {\n    module = \"first\"\n    asset  = \"gone\"\n  }\n";
    let third = module("third", &format!("asset \"mine\" {{\n{uses}}}\n"));
    let said = bggo()
        .arg("check")
        .arg(&grid)
        .args(["--module".as_ref(), first.as_os_str()])
        .args(["--module".as_ref(), second.as_os_str()])
        .args(["--module".as_ref(), third.as_os_str()])
        .output()
        .unwrap();
    assert!(!said.status.success());
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    for part in [
        "the modules `first` and `second` both declare the runner `same`",
        "asset `mine` of the module `third` uses `gone`, but the module `first` has no such asset",
    ] {
        assert!(text.contains(part), "{text}");
    }
}
