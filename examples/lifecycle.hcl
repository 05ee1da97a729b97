# When resources live: each is created just before its first user and destroyed right after its last.
# Run it: bggo run examples/lifecycle.hcl -- --log-level debug
# `early` is gone before `late` is there; look at the lines of both.

resource "http_target" "early" {}

resource "http_target" "late" {}

step "http_request" "first" {
  arguments {
    url = "${resource.http_target.early.url}/get"
  }
}

step "noop" "between" {
  arguments {
    delay = "100ms"
  }
  depends_on = [step.http_request.first]
}

step "http_request" "last" {
  arguments {
    url = "${resource.http_target.late.url}/get"
  }
  depends_on = [step.noop.between]
}
