//! Runs of one program against one server -> how often `bggo compare` says that something has changed although nothing has.

use crate::measure::{Goal, Table};
use bggo_tests::Run;
use bggo_tests::bench::{Program, bggo, read, warm_cache};
use bggo_tests::server::Nginx;
use serde_json::Value;
use std::path::Path;

const GRID: &str = r#"
variable "url" {
  type = string
}

step "http_request" "hit" {
  arguments {
    url = "${var.url}/hit"
  }
}
"#;

/// How often both sides are compared.
const COMPARISONS: usize = 5;

/// Runs of a comparison in their order: a host that slowly changes changes both sides.
const ORDER: [&str; 6] = ["old1", "new1", "new2", "old2", "old3", "new3"];

/// Old and new are the same.
pub fn compare(table: &mut Table) {
    let program = Program::new(GRID);
    let nginx = Nginx::start("location / { return 200 ok; }");
    let url = nginx.url();
    let (mut alarms, mut smallest) = (0, Vec::new());
    for comparison in 1..=COMPARISONS {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ORDER {
            let file = folder.path().join(name);
            let file = file.to_str().expect("a name of letters");
            let flags = [
                "--url",
                &url,
                "--rate",
                "500/s",
                "--duration",
                "10s",
                "--allow-overload",
                "--out",
                file,
            ];
            program.start(&flags).finish().expect_code(0);
        }
        let (is_alarm, said) = compared(folder.path());
        let rows = said["rows"].as_array().expect("a list");
        let figures = rows[0]["figures"].as_array().expect("a list");
        let p95 = figures.iter().find(|figure| figure["figure"] == "p95");
        let p95 = p95.expect("there is a p95");
        eprintln!("comparison {comparison}: alarm {is_alarm}, p95 {p95}");
        alarms += u32::from(is_alarm);
        smallest.extend(p95["change"]["smallest"].as_f64());
    }
    nginx.stop();
    smallest.sort_by(f64::total_cmp);
    let how = "http_request against nginx, 500/s for 10 s, in turn";
    table.number(
        "alarms of `--fail-on 'p95 > 10%'`, five times three runs a side of one program",
        how,
        f64::from(alarms),
        "of 5",
        Goal::AtMost(0.0),
    );
    table.number(
        "the smallest change of p95 that these runs show",
        "the middle one of five",
        100.0
            * smallest
                .get(smallest.len() / 2)
                .copied()
                .unwrap_or(f64::NAN),
        "%",
        Goal::None,
    );
}

/// Whether the new side is told to be slower, and what else is said.
fn compared(folder: &Path) -> (bool, Value) {
    let mut command = bggo(&warm_cache());
    command.current_dir(folder);
    command.args(["compare", "--json", "--fail-on", "p95 > 10%"]);
    command.args(["--old", "old1", "old2", "old3"]);
    command.args(["--new", "new1", "new2", "new3"]);
    let ended = Run::start(command).finish();
    let code = ended.status.code();
    assert!(matches!(code, Some(0 | 1)), "{ended:?}");
    (code == Some(1), read(&ended.stdout))
}
