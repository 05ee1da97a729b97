# {{name}}: a first grid. Run it with `bggo run {{name}}.hcl`.
#
# A grid says what a user does, as steps. Steps that do not depend on each other run side by side. Nothing else is needed
# for a functional test; the same program is a load test with `--vus 50 --duration 10s`.

# A value that is given when the program runs: `--greeting hello`.
variable "greeting" {
  type        = string
  default     = "hello"
  description = "What is sent to the server."
}

# An HTTP server inside the run, so that this grid works as it is. Remove it and write your own address below.
resource "http_target" "site" {}

locals {
  site = resource.http_target.site.url
}

# The first step: a request, with a status that it must have.
step "http_request" "hello" {
  arguments {
    method        = "POST"
    url           = "${local.site}/post"
    json          = { greeting = var.greeting }
    expect_status = 200
  }
}

# Reads what the step above got, so it runs after it.
step "http_request" "answer" {
  arguments {
    url           = "${local.site}/anything/${step.http_request.hello.output.status_code}"
    expect_status = 200
  }
}

# Waits for a step whose output it does not read.
step "http_request" "goodbye" {
  arguments {
    url = "${local.site}/get"
  }
  depends_on = [step.http_request.answer]
}

# Three requests side by side.
step "http_request" "item" {
  count = 3
  arguments {
    url = "${local.site}/anything/item-${count.index}"
  }
  depends_on = [step.http_request.goodbye]
}
