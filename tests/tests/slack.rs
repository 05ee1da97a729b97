//! Messages in Slack in whole programs, to a server that answers as Slack does: what it is sent, how often, and how steps fail.

use bggo_tests::Grid;
use bggo_tests::server::{SlackWebhooks, free_port};
use serde_json::json;

const GRID: &str = r##"
variable "url" {
  type      = string
  sensitive = true
}

variable "nobody" {
  type = string
}

step "slack" "text" {
  arguments {
    webhook_url = "${var.url}ok"
    text        = "done: \"all\" \u20ac"
  }
}

step "slack" "blocks" {
  arguments {
    webhook_url = "${var.url}ok"
    blocks      = [{ type = "section", text = { type = "mrkdwn", text = "*${step.slack.text.output.status_code}*" } }]
    text        = "in short"
    channel     = "#load"
  }
}

step "slack" "busy" {
  arguments {
    webhook_url = "${var.url}busy"
    text        = "wait"
  }
}

step "print" "waits" {
  arguments {
    input = [step.slack.text.output.waits, step.slack.busy.output.waits]
  }
}

step "slack" "full" {
  continue_on_failure = true
  arguments {
    webhook_url = "${var.url}full"
    text        = "no room"
  }
}

step "slack" "gone" {
  continue_on_failure = true
  arguments {
    webhook_url = "${var.url}t0ken-gone"
    text        = "nobody"
  }
}

step "slack" "archived" {
  continue_on_failure = true
  arguments {
    webhook_url = "${var.url}archived"
    text        = "nobody"
  }
}

step "slack" "broken" {
  continue_on_failure = true
  arguments {
    webhook_url = "${var.url}broken"
    text        = "nobody"
  }
}

step "slack" "silent" {
  continue_on_failure = true
  arguments {
    webhook_url = "${var.url}silent"
    text        = "nobody"
    timeout     = "200ms"
  }
}

step "slack" "slow" {
  arguments {
    webhook_url = "${var.url}slow"
    text        = "byte by byte"
  }
}

step "slack" "dies" {
  continue_on_failure = true
  arguments {
    webhook_url = "${var.url}dies"
    text        = "nobody"
  }
}

step "slack" "breaks" {
  continue_on_failure = true
  arguments {
    webhook_url = "${var.url}breaks"
    text        = "nobody"
  }
}

step "slack" "half" {
  continue_on_failure = true
  arguments {
    webhook_url = "${var.url}half"
    text        = "nobody"
  }
}

step "slack" "nobody" {
  continue_on_failure = true
  arguments {
    webhook_url = "${var.nobody}gone"
    text        = "nobody"
  }
}

step "slack" "no_webhook" {
  continue_on_failure = true
  arguments {
    webhook_url = trimsuffix(var.url, "/services/")
    text        = "nobody"
  }
}
"##;

#[test]
fn a_message_is_posted_once_and_what_is_answered_decides_the_step() {
    let server = SlackWebhooks::start();
    let grid = Grid::new(GRID).build();
    let nobody = format!("http://127.0.0.1:{}/services/", free_port());
    let ended = grid
        .start(&["--url", &server.url(""), "--nobody", &nobody])
        .finish();
    assert_eq!(ended.stdout, "[0,1]\n", "{}", ended.stderr);
    let messages: Vec<_> = server
        .posted("ok")
        .into_iter()
        .map(|posted| (posted.content_type, posted.message))
        .collect();
    let json_type = "application/json".to_owned();
    let block = json!({"type": "section", "text": {"type": "mrkdwn", "text": "*200*"}});
    assert_eq!(
        messages,
        [
            (json_type.clone(), json!({"text": "done: \"all\" \u{20ac}"})),
            (
                json_type,
                json!({"text": "in short", "blocks": [block], "channel": "#load"})
            ),
        ]
    );
    // However a message ends, it was posted once.
    let counts = [
        "busy",
        "full",
        "t0ken-gone",
        "archived",
        "broken",
        "silent",
        "slow",
        "dies",
        "breaks",
        "half",
    ]
    .map(|webhook| server.posted(webhook).len());
    assert_eq!(counts, [2, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    for text in [
        "rate_limited: Slack takes no message for 1h",
        "no_service: Slack answered with status 404",
        "no_service: Slack answered with status 410",
        "status: Slack answered with status 500",
        "timeout: ",
        "closed: ",
        "reset: ",
        "body: ",
        "refused: ",
        "request: webhook_url has no path",
    ] {
        assert!(ended.stderr.contains(text), "{text:?} in\n{}", ended.stderr);
    }
    assert!(!ended.stderr.contains("t0ken"), "{}", ended.stderr);
}
