# A server and two requests to it: the second request waits for the first.
resource "http_target" "site" {}

step "http_request" "first" {
  arguments {
    url = "${resource.http_target.site.url}/delay/0.1"
  }
}

step "http_request" "second" {
  arguments {
    url           = "${resource.http_target.site.url}/status/200"
    expect_status = 200
  }
  depends_on = ["first"]
}
