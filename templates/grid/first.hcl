# {{name}}: a first grid.
#
# A grid lists the steps that each virtual user runs. Steps that do not depend on each other run at the same time.
#
#   bggo run {{name}}.hcl                            runs it once, as a functional test
#   bggo run {{name}}.hcl --vus 50 --duration 10s    runs it as a load test, with 50 users

# A variable gets its value when the program runs: `--greeting hello`.
variable "greeting" {
  type        = string
  default     = "hello"
  description = "What is sent to the server."
}

# An HTTP server that runs inside the program, so that this grid works anywhere. To test your own server, remove this
# resource, and write your address below: `site = "http://127.0.0.1:8080"`.
resource "http_target" "site" {}

locals {
  site = resource.http_target.site.url
}

# The first step sends a request. It fails if the status of the answer is not 200.
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

# This step reads no output of `answer`, but waits for it all the same: `depends_on` says so.
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
