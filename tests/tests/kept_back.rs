//! What is said of a failed step that has a secret: all that cannot hold it.

use bggo_tests::Grid;
use bggo_tests::server::{RawPeer, free_port};

const GRID: &str = r#"
variable "slow" {
  type = string
}

variable "closed" {
  type = string
}

variable "secret" {
  type      = string
  sensitive = true
}

resource "http_target" "site" {}

step "http_request" "status" {
  continue_on_failure = true
  arguments {
    url           = "${resource.http_target.site.url}/status/503"
    bearer_token  = var.secret
    expect_status = 200
  }
}

step "http_request" "refused" {
  continue_on_failure = true
  arguments {
    url        = var.closed
    basic_auth = { username = "u", password = var.secret }
  }
}

step "http_request" "dns" {
  continue_on_failure = true
  arguments {
    url     = "http://no-such-host.invalid/"
    api_key = { name = "X-Key", value = var.secret }
  }
}

step "http_request" "slow" {
  continue_on_failure = true
  arguments {
    url          = var.slow
    bearer_token = var.secret
    timeout      = "50ms"
  }
}

step "http_request" "sensitive_url" {
  continue_on_failure = true
  arguments {
    url          = "http://${var.secret}.invalid/"
    bearer_token = "t0ken"
  }
}

step "http_request" "limit" {
  continue_on_failure = true
  timeouts {
    execution = "60ms"
  }
  arguments {
    url          = var.slow
    bearer_token = var.secret
  }
}

step "http_request" "missing" {
  continue_on_failure = true
  arguments {
    url          = "http://127.0.0.1:1/${{ eu = "a" }[var.secret]}"
    bearer_token = "t0ken"
  }
}

step "http_request" "header" {
  continue_on_failure = true
  arguments {
    url     = "http://127.0.0.1:1/"
    headers = { (join(" ", [var.secret, "x"])) = "1" }
  }
}

step "print" "shown" {
  continue_on_failure = true
  arguments {
    input = { eu = "a" }[var.secret]
  }
}

step "noop" "enabled" {
  continue_on_failure = true
  enabled             = { eu = "a" }[var.secret] == "a"
}
"#;

#[test]
fn a_step_with_a_secret_says_what_went_wrong_without_it() {
    let peer = RawPeer::start(None);
    let closed = format!("http://127.0.0.1:{}/", free_port());
    let place = |url: &str| {
        url.trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned()
    };
    let grid = Grid::new(GRID).build();
    let flags = [
        "--slow",
        &peer.url(),
        "--closed",
        &closed,
        "--secret",
        "hush",
    ];
    let run = grid.start(&flags).finish();
    for line in [
        "status: status 503, expected 200".to_owned(),
        format!(
            "refused: no connection to {}: Connection refused (os error 111)",
            place(&closed)
        ),
        "dns: no-such-host.invalid has no address: ".to_owned(),
        format!("timeout: no answer from {} within 50ms", place(&peer.url())),
        "timeout: it took longer than its limit of 60ms".to_owned(),
        "value: the object has no key (sensitive value)".to_owned(),
        "dns: (sensitive value) has no address: ".to_owned(),
        "request: (sensitive value) is no header's name".to_owned(),
    ] {
        assert!(run.stderr.contains(&line), "no {line:?} in {}", run.stderr);
    }
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains("hush"), "{text}");
    }
}

#[test]
fn a_grid_says_itself_what_is_a_secret() {
    let grid = Grid::new(
        r#"
variable "password" {
  default   = "hunter2"
  sensitive = true
}

locals {
  token = sensitive("tok-1")
  shown = nonsensitive(upper(var.password))
}

step "print" "show" {
  arguments {
    input = [local.token, "<${local.token}>", local.shown, issensitive(var.password), issensitive(local.token), issensitive(local.shown)]
  }
}
"#,
    )
    .build();
    let ended = grid.start(&["--quiet"]).finish().expect_code(0);
    assert_eq!(
        ended.stdout,
        "[\"(sensitive value)\",\"(sensitive value)\",\"HUNTER2\",true,true,false]\n"
    );
}

/// The one step says that it is sensitive, the other one does not.
const WITHHELD: &str = r#"
resource "http_target" "site" {}

step "http_request" "shown" {
  continue_on_failure = true
  arguments {
    method        = "POST"
    url           = "${resource.http_target.site.url}/anything?from=shown"
    body          = "canary of shown"
    expect_status = 404
  }
}

step "http_request" "withheld" {
  continue_on_failure = true
  sensitive           = true
  arguments {
    method        = "POST"
    url           = "${resource.http_target.site.url}/anything?from=withheld"
    body          = "canary of withheld"
    expect_status = 404
  }
  check "required" {
    condition = output.status_code == 404
    required  = true
  }
}

flow "inner" {
  step "http_request" "post" {
    arguments {
      method        = "POST"
      url           = "${resource.http_target.site.url}/anything?from=withheld_flow"
      body          = "canary of withheld_flow"
      expect_status = 404
    }
  }
}

flow "outer" {
  step "inner" "call" {}
}

step "outer" "withheld_call" {
  continue_on_failure = true
  sensitive           = true
}
"#;

#[test]
fn nothing_is_shown_of_what_a_sensitive_step_sends_and_receives() {
    let grid = Grid::new(WITHHELD).build();
    let runs: [&[&str]; 3] = [
        &[],
        &["--trace-io", "1000"],
        &["--vus", "2", "--iterations", "10"],
    ];
    for flags in runs {
        let ended = grid.start(flags).finish();
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(said.contains("http_request.withheld"), "{said}");
        assert!(said.contains("http_request.post"), "{said}");
        // Under load the summary shows heads alone.
        let has_bodies = !flags.contains(&"--vus");
        for (word, is_there) in [("canary of ", has_bodies), ("from=", true)] {
            let shown = said.contains(&format!("{word}shown"));
            assert_eq!(shown, is_there, "{flags:?}: {said}");
            assert!(
                !said.contains(&format!("{word}withheld")),
                "{flags:?}: {said}"
            );
        }
    }
}
