//! Commands of this host in whole programs: what a step hands over, how it fails, and that nothing it started is left.

use bggo_tests::{Grid, Run};
use std::path::Path;
use std::time::Duration;

const GRID: &str = r#"
variable "secret" {
  type      = string
  sensitive = true
}

step "cmd" "json" {
  arguments {
    command = ["printf", "%s", "{\"id\": 7, \"text\": \"$HOME;ls\"}"]
  }
}

step "cmd" "script" {
  arguments {
    command     = ["printf '%s %s ' \"$GREETING\" \"$2\"; pwd; cat; exit 3", "a", "b c"]
    shell       = true
    env         = { GREETING = "hello" }
    working_dir = "/usr"
    stdin       = tostring(jsondecode(step.cmd.json.output.stdout).id)

    expected_exit_codes = [0, 3]
  }
}

step "cmd" "killed" {
  arguments {
    command             = ["kill -TERM $$"]
    shell               = true
    expected_exit_codes = [143]
  }
}

step "cmd" "long" {
  arguments {
    command    = ["head -c 10000000 /dev/zero >&2 & head -c 10000000 /dev/zero | tr '\\000' x; wait"]
    shell      = true
    max_output = 1000
  }
}

step "print" "handed_over" {
  arguments {
    input = [
      jsondecode(step.cmd.json.output.stdout).id + 1,
      jsondecode(step.cmd.json.output.stdout).text,
      step.cmd.json.output.exit_code,
      step.cmd.json.output.signal,
      step.cmd.script.output.stdout,
      step.cmd.script.output.exit_code,
      step.cmd.killed.output.signal,
      step.cmd.killed.output.exit_code,
      length(step.cmd.long.output.stdout),
      length(step.cmd.long.output.stderr),
      [step.cmd.long.output.truncated, step.cmd.json.output.truncated],
    ]
  }
}

step "cmd" "exit" {
  continue_on_failure = true
  arguments {
    command = ["echo unread; echo no room >&2; exit 4"]
    shell   = true
  }
}

step "cmd" "signal" {
  continue_on_failure = true
  arguments {
    command = ["kill -KILL $$"]
    shell   = true
  }
}

step "cmd" "missing" {
  continue_on_failure = true
  arguments {
    command = ["no-such-program", "x"]
  }
}

step "cmd" "folder" {
  continue_on_failure = true
  arguments {
    command     = ["pwd"]
    working_dir = "no-such-folder"
  }
}

step "cmd" "forbidden" {
  continue_on_failure = true
  arguments {
    command = ["/etc/passwd"]
  }
}

step "cmd" "secret" {
  continue_on_failure = true
  arguments {
    command = ["echo refused: $TOKEN >&2; exit 5"]
    shell   = true
    env     = { TOKEN = var.secret }
  }
}

step "cmd" "stubborn" {
  continue_on_failure = true
  arguments {
    command = ["trap '' TERM; sleep 1000 & echo $$ $! >processes; wait; sleep 1000"]
    shell   = true
    timeout = "2s"
    grace   = "50ms"
  }
}
"#;

#[test]
fn a_step_hands_over_what_its_command_said_and_fails_as_its_command_did() {
    let grid = Grid::new(GRID).build();
    let ended = grid.start(&["--secret", "hunter2secret"]).finish();
    assert_eq!(
        ended.stdout,
        "[8,\"$HOME;ls\",0,null,\"hello b c /usr\\n7\",3,\"SIGTERM\",143,1000,1000,[true,false]]\n",
        "{}",
        ended.stderr
    );
    for text in [
        "exit_code: the command ended with exit code 4: no room",
        "signal: the command was ended by SIGKILL",
        "not_found: there is no program no-such-program",
        "spawn: the working_dir no-such-folder is no folder",
        "spawn: /etc/passwd does not start: ",
        "exit_code: the command ended with exit code 5: ",
        "timeout: the command took longer than 2s",
    ] {
        assert!(ended.stderr.contains(text), "{text:?} in\n{}", ended.stderr);
    }
    assert!(!ended.stderr.contains("hunter2secret"), "{}", ended.stderr);
    expect_gone(&grid.folder().join("processes"), 2);
}

const ENDLESS: &str = r#"
scenario "work" {
  load "constant_vus" {
    vus      = 3
    duration = "10m"
  }
  step "cmd" "endless" {
    arguments {
      command = ["trap '' TERM; sleep 1000 & echo $$ $! >>processes; echo on; wait; sleep 1000"]
      shell   = true
      timeout = "10m"
      grace   = "50ms"
    }
  }
}

setup {
  step "cmd" "name" {
    arguments {
      command = ["uname"]
    }
  }
  step "print" "name" {
    arguments {
      input = "on ${trimspace(step.cmd.name.output.stdout)}"
    }
  }
}
"#;

#[test]
fn commands_of_a_run_that_is_interrupted_end_with_all_that_they_started() {
    let grid = Grid::new(ENDLESS).build();
    let mut run: Run = grid.start(&[]);
    run.wait_for_output("on Linux");
    let file = grid.folder().join("processes");
    wait_until(|| numbers(&file).len() == 6);
    for process in numbers(&file) {
        assert!(runs(process), "{process}");
    }
    run.signal("INT");
    run.signal("INT");
    run.finish();
    expect_gone(&file, 6);
}

/// The numbers of processes in a file.
fn numbers(file: &Path) -> Vec<u32> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let words = text.split_whitespace();
    words.map(|word| word.parse().unwrap()).collect()
}

/// Fails the test unless so many processes are named in a file, and none of them runs any more.
#[track_caller]
fn expect_gone(file: &Path, count: usize) {
    let processes = numbers(file);
    assert_eq!(processes.len(), count, "{processes:?}");
    wait_until(|| !processes.iter().any(|process| runs(*process)));
}

/// Whether a process runs: one that has ended and that nobody has waited for does not.
fn runs(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    // Its name is in brackets, its state behind them.
    stat.is_ok_and(|stat| {
        !stat
            .rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with('Z'))
    })
}

#[track_caller]
fn wait_until(holds: impl Fn() -> bool) {
    for _ in 0..3000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it never came");
}
