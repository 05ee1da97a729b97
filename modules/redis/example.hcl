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

# Whoever watches carts hears of this one.
resource "redis_subscription" "carts" {
  uses {
    connection = resource.redis_connection.store
  }
  arguments {
    channels = ["carts"]
    keep     = true
  }
}

step "redis_publish" "tell" {
  enabled = var.url != ""
  uses {
    connection = resource.redis_connection.store
  }
  arguments {
    channel = resource.redis_subscription.carts.channel
    message = { cart = local.cart, things = step.redis_script.count.output.value }
  }
}

step "redis_receive" "hear" {
  enabled = var.url != ""
  uses {
    subscription = resource.redis_subscription.carts
  }
  arguments {
    match = output.json.cart == local.cart
  }
  check "it has three things" {
    condition = output.json.things == 3
  }
  depends_on = [step.redis_publish.tell]
}

step "redis_stream_add" "order" {
  enabled = var.url != ""
  uses {
    connection = resource.redis_connection.store
  }
  arguments {
    stream     = "orders:${vu.id}"
    fields     = { items = step.redis_script.count.output.value }
    max_length = 1000
  }
}

step "redis_stream_read" "orders" {
  enabled = var.url != ""
  uses {
    connection = resource.redis_connection.store
  }
  arguments {
    streams = ["orders:${vu.id}"]
    after   = "0"
    count   = 1000
  }
  check "the order is there" {
    condition = output.count > 0
  }
  depends_on = [step.redis_stream_add.order]
}
