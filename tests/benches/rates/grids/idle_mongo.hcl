# Users that use their connection once, and wait with it.

variable "url" {
  type = string
}

resource "mongo_connection" "idle" {
  arguments {
    url = var.url
  }
}

step "mongo_find" "once" {
  uses {
    connection = resource.mongo_connection.idle
  }
  arguments {
    database   = "bench"
    collection = "things"
    filter     = { _id = 1 }
  }
}

step "noop" "wait" {
  arguments {
    delay = "10m"
  }
  depends_on = [step.mongo_find.once]
}
