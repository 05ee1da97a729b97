# Five instances of a step run at the same time. Then a step reads the outputs of all of them.
# Run it: bggo run examples/count_fan_in.hcl

resource "http_target" "site" {}

step "http_request" "fan" {
  count = 5
  arguments {
    url          = "${resource.http_target.site.url}/anything/${count.index}"
    query_params = { page = count.index + 1 }
  }
}

step "print" "codes" {
  arguments {
    input = "${length(step.http_request.fan)} answers: ${join(", ", step.http_request.fan[*].output.status_code)}"
  }
}

step "print" "first" {
  arguments {
    input = "the first asked for page ${step.http_request.fan[0].output.json.args.page}"
  }
}
