//! A session in Neovim, without a screen: an editor that is not ours takes what the server says as it is meant.

use std::path::Path;
use std::process::Command;

const MAIN: &str = r#"grid {
  name = "greets"
}

locals {
  greeting = "é😀 ${local.wrod}"
}

step "print" "greet" {
  arguments {
    input = local.greeting
  }
}
"#;

const NAMES: &str = "locals {\n  word = \"hello\"\n}\n";

#[test]
fn a_session_in_neovim_goes_as_it_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.hcl"), MAIN).unwrap();
    std::fs::write(folder.path().join("names.hcl"), NAMES).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lsp/neovim.lua");
    let ended = Command::new("nvim")
        .args(["--headless", "--clean", "-n", "-c"])
        .arg(format!("luafile {}", script.display()))
        .env("BGGO", env!("CARGO_BIN_EXE_bggo"))
        .env("GRIDS", folder.path())
        // Neovim writes a log of the server there.
        .env("XDG_CACHE_HOME", folder.path().join("cache"))
        .env("XDG_STATE_HOME", folder.path().join("state"))
        .output();
    let ended = ended.unwrap_or_else(|error| {
        panic!("Neovim is needed, and tests/install.sh installs it: {error}")
    });
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
}
