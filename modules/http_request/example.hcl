# Logs in, keeps the cookie of the session in a shared client, and sends data of one answer with the next request, and reads events
# until the one that it waits for.
variable "token" {
  type      = string
  sensitive = true
  # The site of this example takes any.
  default = "t0ken"
}

resource "http_target" "site" {}

resource "http_client" "browser" {
  arguments {
    timeout = "5s"
    headers = { Accept-Language = "en" }
  }
}

step "http_request" "login" {
  uses {
    client = resource.http_client.browser
  }
  arguments {
    url           = "${resource.http_target.site.url}/cookies/set?session=abc"
    expect_status = 200
  }
}

step "http_request" "order" {
  uses {
    client = resource.http_client.browser
  }
  arguments {
    url           = "${resource.http_target.site.url}/post"
    method        = "POST"
    json          = { item = "tea", cookies = step.http_request.login.output.json.cookies }
    expect_status = "2xx"
  }
}

step "http_request" "download" {
  arguments {
    url          = "${resource.http_target.site.url}/gzip"
    query_params = { item = step.http_request.order.output.json.json.item }
    bearer_token = var.token
  }
}

step "http_events" "news" {
  uses {
    client = resource.http_client.browser
  }
  arguments {
    url          = "${resource.http_target.site.url}/sse?count=5"
    until_data   = "\"id\":3"
    idle_timeout = "2s"
  }
  check "the news came" {
    condition     = output.count == 4 && output.ended_by == "data"
    error_message = "${output.count} events, ended by ${output.ended_by}"
  }
}
