# Users that use their connection once, and wait with it.

variable "url" {
  type = string
}

resource "postgres_connection" "idle" {
  arguments {
    url = var.url
  }
}

step "postgres_query" "once" {
  uses {
    connection = resource.postgres_connection.idle
  }
  arguments {
    sql    = "INSERT INTO once VALUES ($1)"
    params = [vu.id]
  }
}

step "noop" "wait" {
  arguments {
    delay = "10m"
  }
  depends_on = [step.postgres_query.once]
}
