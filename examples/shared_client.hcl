# Several steps use one client, so they share its connections and cookies.
# Run it: bggo run examples/shared_client.hcl

resource "http_target" "site" {}

resource "http_client" "shared" {
  arguments {
    timeout = "5s"
    headers = { "x-test" = "shared" }
  }
}

step "http_request" "log_in" {
  uses {
    client = resource.http_client.shared
  }
  arguments {
    url = "${resource.http_target.site.url}/cookies/set?session=abc"
  }
}

step "http_request" "who_am_i" {
  uses {
    client = resource.http_client.shared
  }
  arguments {
    url           = "${resource.http_target.site.url}/cookies"
    expect_status = 200
  }
  depends_on = [step.http_request.log_in]
}

step "print" "cookies" {
  arguments {
    input = step.http_request.who_am_i.output.json.cookies
  }
}
