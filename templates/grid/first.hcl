# {{name}}: a first grid.
#
# A grid lists the steps of a virtual user. Steps that do not depend on each other run at the same time.
#
#   bggo run {{name}}.hcl                            runs it once, as a functional test
#   bggo run {{name}}.hcl --vus 50 --duration 10s    runs it as a load test, with 50 users

# A variable gets its value when the program runs: `--greeting hello`.
variable "greeting" {
  type        = string
  default     = "hello"
  description = "What is sent to the server."
}

# An HTTP server that runs inside of the program, so that this grid works anywhere. To test your own server, remove this
# resource, and write your address below: `site = "http://127.0.0.1:8080"`.
resource "http_target" "site" {}

locals {
  site = resource.http_target.site.url
}

# The first step sends a request. It fails when the answer has another status than 200.
step "http_request" "hello" {
  arguments {
    method        = "POST"
    url           = "${local.site}/post"
    json          = { greeting = var.greeting }
    expect_status = 200
  }
}

# This step reads an output of `hello`, so it runs after `hello`.
step "http_request" "answer" {
  arguments {
    url           = "${local.site}/anything/${step.http_request.hello.output.status_code}"
    expect_status = 200
  }
}

# This step reads no output of `answer`, so `depends_on` says that it waits for it.
step "http_request" "goodbye" {
  arguments {
    url = "${local.site}/get"
  }
  depends_on = [step.http_request.answer]
}

# Three instances of one step, which run at the same time.
step "http_request" "item" {
  count = 3
  arguments {
    url = "${local.site}/anything/item-${count.index}"
  }
  depends_on = [step.http_request.goodbye]
}
