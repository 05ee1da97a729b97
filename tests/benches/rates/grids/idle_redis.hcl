# Users that use their connection once, and wait with it.

variable "url" {
  type = string
}

resource "redis_connection" "idle" {
  arguments {
    url = var.url
  }
}

step "redis_command" "once" {
  uses {
    connection = resource.redis_connection.idle
  }
  arguments {
    command = ["GET", "key"]
  }
}

step "noop" "wait" {
  arguments {
    delay = "10m"
  }
  depends_on = [step.redis_command.once]
}
