# Four requests: one, then two at the same time, then one after both.
# Run it:  bggo run examples/http_request.hcl
# As load: bggo run examples/http_request.hcl --vus 50 --duration 10s

resource "http_target" "site" {
  description = "An HTTP server inside the program, so that this grid runs anywhere"
}

step "http_request" "first" {
  arguments {
    url = "${resource.http_target.site.url}/get"
  }
}

step "http_request" "second" {
  arguments {
    url = "${resource.http_target.site.url}/delay/1"
  }
  depends_on = [step.http_request.first]
}

step "http_request" "third" {
  arguments {
    url = "${resource.http_target.site.url}/delay/2"
  }
  depends_on = [step.http_request.first]
}

step "http_request" "final" {
  arguments {
    url    = "${resource.http_target.site.url}/post"
    method = "POST"
    json   = { done = true }
  }
  depends_on = [step.http_request.second, step.http_request.third]
}
