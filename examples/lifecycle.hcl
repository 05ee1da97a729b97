# How long resources live: each is created just before the first step that needs it, and destroyed right after the last.
# Run it: bggo run examples/lifecycle.hcl --log-level debug
# The lines of both resources show that `early` is destroyed before `late` is created.

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
