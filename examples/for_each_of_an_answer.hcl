# An answer says which requests come next: one for each id in it, at most 100 of them at the same time.
# Run it: bggo run examples/for_each_of_an_answer.hcl --ids '["pen", "ink"]'

variable "ids" {
  type        = list(string)
  description = "What the shop has"
  default     = ["pen", "ink", "paper"]
}

resource "http_target" "shop" {}

# The embedded target sends back what it is sent.
step "http_request" "list" {
  arguments {
    url    = "${resource.http_target.shop.url}/post"
    method = "POST"
    json   = { ids = var.ids }
  }
}

step "http_request" "item" {
  for_each = toset(step.http_request.list.output.json.json.ids)
  arguments {
    url           = "${resource.http_target.shop.url}/anything/${each.key}"
    expect_status = 200
  }
}

step "print" "items" {
  arguments {
    input = "${length(step.http_request.item)} items: ${join(", ", keys(step.http_request.item))}"
  }
}
