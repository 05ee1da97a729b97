# A cart in Redis: a key with an end, a script that counts, and what is there in the end. Run it against a server:
# bggo run example.hcl --url redis://127.0.0.1:6379
variable "url" {
  type        = string
  default     = ""
  description = "The server. Without it the steps are skipped."
}

resource "redis_connection" "store" {
  arguments {
    url = var.url != "" ? var.url : "redis://127.0.0.1:6379"
  }
}

locals {
  cart = "cart:${vu.id}"
}

step "redis_pipeline" "fill" {
  enabled = var.url != ""
  uses {
    connection = resource.redis_connection.store
  }
  arguments {
    commands = [
      ["HSET", local.cart, "tea", 2, "mug", 1],
      ["EXPIRE", local.cart, 60],
    ]
    transaction = true
  }
}

step "redis_script" "count" {
  enabled = var.url != ""
  uses {
    connection = resource.redis_connection.store
  }
  arguments {
    script = "local sum = 0 for _, count in ipairs(redis.call('HVALS', KEYS[1])) do sum = sum + count end return sum"
    keys   = [local.cart]
  }
  check "three things are in the cart" {
    condition = output.value == 3
  }
  depends_on = [step.redis_pipeline.fill]
}

step "redis_command" "look" {
  enabled = var.url != ""
  uses {
    connection = resource.redis_connection.store
  }
  arguments {
    command = ["HGETALL", local.cart]
  }
  check "tea is in the cart" {
    condition = output.value.tea == "2"
  }
  depends_on = [step.redis_script.count]
}
