# A bank: reads a balance, and moves money between two accounts in a transaction. Run it against a database of your own: bggo run example.hcl --server postgres://postgres@127.0.0.1:5432/postgres
variable "server" {
  type        = string
  default     = ""
  description = "Where the database is. Without it the steps are skipped."
}

resource "postgres_connection" "bank" {
  arguments {
    url              = var.server
    application_name = "bank"
  }
}

step "postgres_query" "accounts" {
  enabled = var.server != ""
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    sql = "CREATE TEMPORARY TABLE accounts AS SELECT id, 100 AS balance FROM generate_series(1, 10) AS id"
  }
}

# Nothing is run: the server says what the statement takes and gives.
step "postgres_describe" "take" {
  enabled = var.server != ""
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    statements = ["SELECT balance FROM accounts WHERE id = $1"]
  }
  check "the server knows it" {
    condition = output.statements[0].columns[0].name == "balance"
  }
  depends_on = [step.postgres_query.accounts]
}

step "postgres_begin" "move" {
  enabled = var.server != ""
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    isolation = "serializable"
  }
  depends_on = [step.postgres_describe.take]
}

step "postgres_query" "take" {
  enabled = var.server != ""
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    sql    = "UPDATE accounts SET balance = balance - $1 WHERE id = $2 RETURNING balance"
    params = [10, vu.id % 10 + 1]
  }
  check "there was enough" {
    condition = output.row.balance >= 0
  }
  depends_on = [step.postgres_begin.move]
}

step "postgres_query" "give" {
  enabled = var.server != ""
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    sql    = "UPDATE accounts SET balance = balance + $1 WHERE id = $2"
    params = [10, (vu.id + 1) % 10 + 1]
  }
  depends_on = [step.postgres_query.take]
}

step "postgres_commit" "move" {
  enabled = var.server != ""
  uses {
    connection = resource.postgres_connection.bank
  }
  depends_on = [step.postgres_query.give]
}

step "postgres_batch" "look" {
  enabled = var.server != ""
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    statements = [
      { sql = "SELECT sum(balance) AS sum FROM accounts" },
      { sql = "SELECT count(*) AS n FROM accounts WHERE balance < $1", params = [100] },
    ]
  }
  check "no money was lost" {
    condition = output.results[0].rows[0].sum == 1000
  }
  depends_on = [step.postgres_commit.move]
}

# What is tried and taken back.
step "postgres_begin" "try" {
  enabled = var.server != ""
  uses {
    connection = resource.postgres_connection.bank
  }
  depends_on = [step.postgres_batch.look]
}

step "postgres_query" "close" {
  enabled = var.server != ""
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    sql = "DELETE FROM accounts WHERE balance >= 100"
  }
  depends_on = [step.postgres_begin.try]
}

step "postgres_rollback" "try" {
  enabled = var.server != ""
  uses {
    connection = resource.postgres_connection.bank
  }
  check "there was something to take back" {
    condition = output.rolled_back
  }
  depends_on = [step.postgres_query.close]
}

# Many rows at once, in and out.
step "postgres_copy_in" "accounts" {
  enabled = var.server != ""
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    table   = "accounts"
    columns = ["id", "balance"]
    rows    = [[11, 100], [12, 100]]
  }
  depends_on = [step.postgres_rollback.try]
}

step "postgres_copy_out" "accounts" {
  enabled = var.server != ""
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    sql    = "SELECT id FROM accounts ORDER BY id"
    format = "csv"
  }
  check "all are there" {
    condition = output.row_count == 12
  }
  depends_on = [step.postgres_copy_in.accounts]
}

# Whoever listens hears of it.
resource "postgres_listener" "news" {
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    channels = ["news"]
  }
}

step "postgres_notify" "news" {
  enabled = var.server != ""
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    channel = resource.postgres_listener.news.channel
    payload = { user = vu.id }
  }
  depends_on = [step.postgres_copy_out.accounts]
}

step "postgres_receive" "news" {
  enabled = var.server != ""
  uses {
    listener = resource.postgres_listener.news
  }
  arguments {
    match = output.json.user == vu.id
  }
  depends_on = [step.postgres_notify.news]
}

# As an application has them: connections that many users share.
resource "postgres_pool" "shared" {
  arguments {
    url             = var.server
    max_connections = 2
  }
}

step "postgres_query" "version" {
  enabled = var.server != ""
  uses {
    connection = resource.postgres_pool.shared
  }
  arguments {
    sql     = "SELECT current_setting('server_version') AS version"
    columns = { version = "text" }
  }
  check "it says one" {
    condition = output.row.version != ""
  }
}
