# Orders in MongoDB: inserted, counted up, added up by a pipeline, and deleted. Run it against a server:
# bggo run example.hcl --url mongodb://127.0.0.1:27017/shop
variable "url" {
  type        = string
  default     = ""
  description = "The server. Without it the steps are skipped."
}

resource "mongo_connection" "shop" {
  arguments {
    url = var.url != "" ? var.url : "mongodb://127.0.0.1:27017/shop"
  }
}

step "mongo_insert" "orders" {
  enabled = var.url != ""
  uses {
    connection = resource.mongo_connection.shop
  }
  arguments {
    collection = "orders"
    documents = [
      { user = vu.id, item = "tea", sum = 5, when = { "$date" = "2026-03-01T12:00:00Z" } },
      { user = vu.id, item = "mug", sum = 7, when = { "$date" = "2026-03-01T12:05:00Z" } },
    ]
  }
}

step "mongo_update" "discount" {
  enabled = var.url != ""
  uses {
    connection = resource.mongo_connection.shop
  }
  arguments {
    collection = "orders"
    filter     = { _id = step.mongo_insert.orders.output.inserted_ids[1] }
    update     = { "$inc" = { sum = -2 } }
  }
  check "the mug is cheaper" {
    condition = output.modified == 1
  }
}

step "mongo_find" "last" {
  enabled = var.url != ""
  uses {
    connection = resource.mongo_connection.shop
  }
  arguments {
    collection = "orders"
    filter     = { user = vu.id }
    sort       = { when = -1, item = 1 }
    limit      = 1
  }
  check "the mug came last" {
    condition = output.document.item == "mug" && output.document.sum == 5
  }
  depends_on = [step.mongo_update.discount]
}

step "mongo_aggregate" "spent" {
  enabled = var.url != ""
  uses {
    connection = resource.mongo_connection.shop
  }
  arguments {
    collection = "orders"
    pipeline = [
      { "$match" = { user = vu.id } },
      { "$group" = { _id = "$user", spent = { "$sum" = "$sum" } } },
    ]
  }
  check "it adds up" {
    condition = output.document.spent == 10
  }
  depends_on = [step.mongo_find.last]
}

step "mongo_command" "count" {
  enabled = var.url != ""
  uses {
    connection = resource.mongo_connection.shop
  }
  arguments {
    command = { count = "orders", query = { user = vu.id } }
  }
  check "both are there" {
    condition = output.reply.n == 2
  }
  depends_on = [step.mongo_aggregate.spent]
}

step "mongo_delete" "all" {
  enabled = var.url != ""
  uses {
    connection = resource.mongo_connection.shop
  }
  arguments {
    collection = "orders"
    filter     = { user = vu.id }
    multi      = true
  }
  check "both are gone" {
    condition = output.deleted == 2
  }
  depends_on = [step.mongo_command.count]
}
