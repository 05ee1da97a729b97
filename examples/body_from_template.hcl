# The body of a request is a template in a file beside the grid; the texts of other bodies are files of a folder.
# Run it: bggo run examples/body_from_template.hcl --customer Bob

variable "customer" {
  default = "Ann"
}

resource "http_target" "shop" {}

locals {
  items = [{ name = "pen", amount = 2 }, { name = "ink", amount = 1 }]
  # Files are read when the grid is built, so they need not be there when the program runs.
  notes = fileset("bodies", "notes/*.txt")
}

step "http_request" "order" {
  arguments {
    url    = "${resource.http_target.shop.url}/post"
    method = "POST"
    body   = templatefile("bodies/order.json.tmpl", { customer = var.customer, items = local.items })
  }
}

step "http_request" "note" {
  for_each = local.notes

  arguments {
    url    = "${resource.http_target.shop.url}/post"
    method = "POST"
    body   = file("bodies/${each.value}")
  }
}

step "print" "sent" {
  arguments {
    input = {
      order = jsondecode(step.http_request.order.output.json.data)
      notes = [for note in step.http_request.note : trimspace(note.output.json.data)]
    }
  }
}
