description = "PostgreSQL: queries, transactions, batches, copies and notifications, each user over a connection of its own."

# Why there is no connection, or none any more. A step that finds its connection gone makes a new one.
shared "connecting" {
  error "dns" {
    description = "The host name has no address."
  }
  error "connect" {
    description = "No connection within `connect_timeout`."
  }
  error "refused" {
    description = "Nobody listens there."
  }
  error "unreachable" {
    description = "There is no way to the host, or no such socket."
  }
  error "local" {
    description = "This host has no more descriptors or ports."
  }
  error "tls" {
    description = "No TLS connection: the server does not speak it, its certificate is not trusted, or a file of the resource cannot be used."
  }
  error "auth" {
    description = "The server does not let the user in (SQLSTATE class 28), or asks for a way of authentication that is not known here."
  }
  error "too_many_connections" {
    description = "The server has no connection left (53300)."
  }
  error "shutdown" {
    description = "The server is shutting down or starting up, or ended the connection (57P01 to 57P05)."
  }
  error "closed" {
    description = "The connection ended without a word."
  }
  error "server_error" {
    description = "Any other error of the server. The text has its SQLSTATE."
  }
  error "protocol" {
    description = "The server sent what the protocol forbids."
  }
}

# Where the server is and who connects, as each asset says it that connects.
shared "session" {
  input "url" {
    type            = string
    pattern         = "^postgres(?:ql)?://"
    pattern_message = "write postgres:// and a user, a host and a database, as postgres://app@db.test:5432/shop"
    description     = "Where the database is: `postgres://USER@HOST:PORT/DATABASE`, with `sslmode` and others behind a `?`. A password in it is not marked as secret: use `password`."
  }
  input "host" {
    type        = string
    min_length  = 1
    description = "The host, or the folder of a socket, which begins with `/`. Without it localhost."
  }
  input "port" {
    type        = number
    min         = 1
    max         = 65535
    description = "The port. Without it 5432."
  }
  input "user" {
    type        = string
    min_length  = 1
    description = "The role."
  }
  input "password" {
    type        = string
    sensitive   = true
    description = "Its password."
  }
  input "database" {
    type        = string
    min_length  = 1
    description = "The database. Without it that of the name of the user."
  }
  input "sslmode" {
    type        = string
    one_of      = ["disable", "prefer", "require", "verify-ca", "verify-full"]
    description = "Whether TLS is spoken: never, if the server does, always, always with a server whose certificate is trusted, or always with one that is trusted and for the host. Without it `prefer`. Only the last two verify."
  }
  input "ca_file" {
    type        = string
    description = "The file of PEM certificates that `verify-ca` and `verify-full` trust, in place of the built-in ones and the host's."
  }
  input "ca_pem" {
    type        = string
    description = "The certificates themselves."
  }
  input "client_cert_file" {
    type        = string
    description = "The file of the certificate that is shown to the server."
  }
  input "client_cert_pem" {
    type        = string
    description = "The certificate itself."
  }
  input "client_key_file" {
    type        = string
    description = "The file of its key."
  }
  input "client_key_pem" {
    type        = string
    sensitive   = true
    description = "The key itself."
  }
  input "channel_binding" {
    type        = string
    one_of      = ["disable", "prefer", "require"]
    description = "Whether the proof of the password is bound to the TLS connection (SCRAM-SHA-256-PLUS), which shows that nobody stands between: never, if the server offers it, or always. Without it `prefer`."
  }
  input "application_name" {
    type        = string
    default     = "bggo"
    description = "What the server calls the connection in its views and log."
  }
  input "options" {
    type        = string
    description = "Settings of the session as on the command line of a server: `-c work_mem=64MB`."
  }
  input "search_path" {
    type        = string
    description = "The schemas in which names are looked for."
  }
  input "statement_timeout" {
    type        = duration
    min         = "1ms"
    description = "How long a statement may take before the server cancels it. The connection stays good then, which a `timeout` of a step costs."
  }
  input "connect_timeout" {
    type        = duration
    default     = "10s"
    more_than   = "0s"
    description = "Time limit for connecting, TLS and authentication included."
  }
  input "statements_file" {
    type        = string
    read        = "build"
    as          = ["statements"]
    description = "The file that `bggo postgres describe` wrote: the columns of statements, which have their types from it when the grid is built."
  }

  rule {
    conflicts     = ["url", "host"]
    error_message = "a url says the host itself: at most one of url and host may be given"
  }
  rule {
    conflicts     = ["url", "port"]
    error_message = "a url says the port itself: at most one of url and port may be given"
  }
  rule {
    at_least_one  = ["url", "user"]
    error_message = "a connection needs a user: by url or by user"
  }
  rule {
    conflicts     = ["ca_file", "ca_pem"]
    error_message = "at most one of ca_file and ca_pem may be given"
  }
  rule {
    conflicts     = ["client_cert_file", "client_cert_pem"]
    error_message = "at most one of client_cert_file and client_cert_pem may be given"
  }
  rule {
    conflicts     = ["client_key_file", "client_key_pem"]
    error_message = "at most one of client_key_file and client_key_pem may be given"
  }
  rule {
    condition     = input.port == null || input.port == floor(input.port)
    error_message = "port is a whole number"
  }
  rule {
    condition     = input.channel_binding != "require" || input.sslmode != "disable"
    error_message = "channel binding is to a TLS connection, and sslmode = \"disable\" lets none be made"
  }
  rule {
    condition     = input.channel_binding != "require" || input.host == null || !startswith(input.host, "/")
    error_message = "channel binding is to a TLS connection, and there is none over a socket"
  }

  metric "connections" {
    kind        = "counter"
    description = "Connections that were made."
  }
  metric "reconnects" {
    kind        = "counter"
    description = "Those of them that a step made because the one before was gone."
  }
  metric "connecting" {
    kind        = "trend"
    unit        = "time"
    description = "From the beginning of the dial until the server is ready for statements."
  }
  metric "tls_handshaking" {
    kind        = "trend"
    unit        = "time"
    description = "How long TLS took of that."
  }
  metric "authenticating" {
    kind        = "trend"
    unit        = "time"
    description = "How long it took of that to say who connects, and until the server is ready."
  }
  metric "waiting" {
    kind        = "trend"
    unit        = "time"
    description = "How long steps waited for their turn at the connection, or for one of the pool, those that had to."
  }
  metric "cancels" {
    kind        = "counter"
    description = "Statements that were given up here and that the server was asked to cancel. Each costs its connection."
  }
  metric "possibly_written" {
    kind        = "counter"
    description = "Statements that write, outside of a transaction, and COMMITs, that were sent and whose whole answer did not come."
  }
  metric "transactions_lost" {
    kind        = "counter"
    description = "Transactions that were open when the connection was lost."
  }
  metric "transactions_left_open" {
    kind        = "counter"
    description = "Transactions that were open when their iteration had ended. They are rolled back."
  }
  metric "notices" {
    kind        = "counter"
    description = "Notices and warnings of the server."
  }

  error "settings" {
    description = "An argument cannot be used, as a url that is none."
  }
}

# A connection for as long as a step takes.
shared "borrowing" {
  uses "connection" {
    asset       = ["postgres_connection", "postgres_pool"]
    description = "The connection, or a pool that lends one."
  }
  error "pool_timeout" {
    description = "No connection of the pool was free within its `acquire_timeout`."
  }
}

# The one connection that a transaction is on.
shared "own_connection" {
  uses "connection" {
    asset       = "postgres_connection"
    description = "The connection."
  }
}

# What every step of a connection has.
shared "step" {
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step may take, waiting for the connection included. Without it 10 s. What runs on the server then is cancelled."
  }
  rule {
    when          = ["timeout"]
    condition     = step.time_limit == null || input.timeout <= step.time_limit
    error_message = "the time limit of the step is shorter and ends it first"
    severity      = "warning"
  }
  metric "server_errors" {
    kind        = "counter"
    label       = "class"
    description = "Errors of the server, by the class of their SQLSTATE: its first two characters."
  }
  error "timeout" {
    description = "The step took longer than its `timeout`."
  }
  error "canceled" {
    description = "The server cancelled the statement (57014), as by `statement_timeout`."
  }
  error "serialization" {
    description = "The transaction cannot be put in order with others (40001)."
  }
  error "deadlock" {
    description = "The transaction was chosen to end a deadlock (40P01)."
  }
  error "constraint" {
    description = "A constraint does not hold (class 23)."
  }
  error "syntax" {
    description = "The statement is wrong, names what is not there, or is not allowed (class 42)."
  }
  error "data" {
    description = "A value does not fit (class 22)."
  }
  error "resources" {
    description = "The server has none left of something (class 53)."
  }
  error "transaction_aborted" {
    description = "The transaction has failed before (25P02), or the server answered COMMIT by ROLLBACK."
  }
  error "transaction_lost" {
    description = "The connection was lost inside a transaction. Steps fail until postgres_rollback or the end of the iteration."
  }
  error "transaction_order" {
    description = "A transaction begins inside of one that is open, or ends where none is."
  }
  error "commit_unknown" {
    description = "COMMIT was sent and its answer did not come: nobody knows here whether the transaction is committed."
  }
}

shared "statement" {
  metric "rows" {
    kind        = "counter"
    description = "Rows that came."
  }
  metric "data_received" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of the answers."
  }
  metric "preparing" {
    kind        = "trend"
    unit        = "time"
    description = "How long it took to prepare a statement on a connection, at its first use there. It is no part of the service time."
  }
  metric "prepared_again" {
    kind        = "counter"
    description = "Statements that were prepared again because the types of their result had changed."
  }
  error "statement" {
    description = "The statement cannot be run so: it is several, or it belongs to another runner, or has another number of parameters."
  }
  error "conversion" {
    description = "A parameter cannot be made a value of its type, or the server gives other columns than the grid was built for."
  }
}

runner "postgres_query" {
  description = "Runs a statement. It is prepared once on each connection."
  shares      = ["step", "borrowing", "connecting", "statement"]

  input "sql" {
    type        = string
    required    = true
    min_length  = 1
    description = "The statement, with `$1`, `$2` in the places of parameters."
  }
  input "params" {
    type        = list(any)
    shape       = true
    description = "The parameters in their order. They become values of the types that the server says."
  }
  input "types" {
    type        = list(string)
    description = "The types of the parameters, as `int8`. Without it the server chooses them."
  }
  input "columns" {
    type        = map(string)
    read        = "build"
    as          = ["columns"]
    found_by    = input.sql
    description = "The columns of the rows with their types, as `{ id = \"int8\", name = \"text\" }`, for checks when the grid is built: a misspelt column is an error then. Without it those of the `statements_file` of the connection, if it has one. A server that gives others fails the step."
  }
  input "prepare" {
    type        = bool
    default     = true
    description = "Whether the statement is prepared under a name and used again. PgBouncer in transaction mode may need `false`."
  }

  rule {
    condition     = !contains(["BEGIN", "START", "COMMIT", "END", "ABORT"], trimsuffix(split(" ", upper(trimspace(input.sql)))[0], ";"))
    error_message = "a transaction begins by postgres_begin and ends by postgres_commit or postgres_rollback"
  }
  rule {
    condition     = trimsuffix(upper(trimspace(input.sql)), ";") != "ROLLBACK"
    error_message = "a transaction is rolled back by postgres_rollback"
  }
  rule {
    condition     = !startswith(upper(trimspace(input.sql)), "COPY ")
    error_message = "rows are copied by postgres_copy_in and postgres_copy_out"
  }
  # Of what is known alone, so that no attempt pays for patterns: the program reads each statement by itself. A tag in dollar quotes
  # and a comment inside of another are left to it as well.
  rule {
    condition     = length(regexall("\\$[\\pL_][\\pL\\d_]*\\$|/\\*(?:[^*]|\\*+[^*/])*?/\\*", known.sql)) > 0 || length(regexall("x+", join("", [for piece in regexall("(?is)--[^\\r\\n]*|/\\*.*?(?:\\*/|$)|\\s+|(;)|(\\be'(?:[^'\\\\]|\\\\.|'')*'?|'[^']*'?|\"[^\"]*\"?|\\$\\$.*?(?:\\$\\$|$)|[\\pL\\d_][\\pL\\d_$]*|.)", known.sql) : piece[0] != null ? ";" : "x" if piece[0] != null || piece[1] != null]))) <= 1
    error_message = "there are several statements in sql, and one is run: use a step for each, or postgres_batch"
  }
  rule {
    when          = ["params"]
    condition     = length(regexall("\\$[\\pL_][\\pL\\d_]*\\$|/\\*(?:[^*]|\\*+[^*/])*?/\\*", known.sql)) > 0 || length(known.params) == max(0, [for piece in regexall("(?is)\\be'(?:[^'\\\\]|\\\\.|'')*'?|'[^']*'?|\"[^\"]*\"?|\\$\\$.*?(?:\\$\\$|$)|--[^\\r\\n]*|/\\*.*?(?:\\*/|$)|[\\pL\\d_][\\pL\\d_$]*|\\$(\\d+)", known.sql) : tonumber(piece[0]) if piece[0] != null]...)
    error_message = "sql has another number of parameters ($1, $2 and so on) than params"
  }
  rule {
    condition     = length(regexall("\\$[\\pL_][\\pL\\d_]*\\$|/\\*(?:[^*]|\\*+[^*/])*?/\\*", known.sql)) > 0 || known.params != null || length([for piece in regexall("(?is)\\be'(?:[^'\\\\]|\\\\.|'')*'?|'[^']*'?|\"[^\"]*\"?|\\$\\$.*?(?:\\$\\$|$)|--[^\\r\\n]*|/\\*.*?(?:\\*/|$)|[\\pL\\d_][\\pL\\d_$]*|\\$(\\d+)", known.sql) : piece if piece[0] != null]) == 0
    error_message = "sql has parameters, and params is missing"
  }
  rule {
    when          = ["types"]
    condition     = alltrue([for name in known.types : name == null || contains(["bool", "bytea", "char", "name", "int8", "int2", "int4", "text", "oid", "json", "xml", "cidr", "float4", "float8", "money", "macaddr", "inet", "bpchar", "varchar", "date", "time", "timestamp", "timestamptz", "interval", "timetz", "bit", "varbit", "numeric", "uuid", "jsonb", "boolean", "smallint", "integer", "int", "bigint", "real", "double precision", "decimal", "character varying", "character", "timestamp with time zone", "timestamp without time zone"], trimspace(trimsuffix(lower(trimspace(name)), "[]")))])
    error_message = "a name in types is of no type that is known here: leave types out, and write $1::TYPE in sql"
  }

  output "rows" {
    type        = list(any)
    type_from   = input.columns
    description = "The rows: objects by the names of the columns. Of several columns of one name the second gets `_2` behind it."
  }
  output "row" {
    type        = any
    type_from   = input.columns
    description = "The first row; null if there is none."
  }
  output "row_count" {
    type        = number
    description = "How many rows came."
  }
  output "affected" {
    type        = number
    description = "How many rows the server says it read or changed; null if it does not say."
  }
  output "command" {
    type        = string
    description = "What the server did, as `UPDATE`."
  }
}

runner "postgres_describe" {
  description = "Asks the server what statements take and give, and runs none of them."
  shares      = ["step", "borrowing", "connecting", "statement"]

  input "statements" {
    type        = list(string)
    required    = true
    min_length  = 1
    description = "The statements."
  }

  output "statements" {
    type        = list(any)
    description = "Of each an object with `parameters`, a list of names of types, `columns`, a list of objects with `name` and `type`, and `error`, which is null unless the server refuses the statement."
  }
}

runner "postgres_batch" {
  description = "Runs several statements that are sent together."
  shares      = ["step", "borrowing", "connecting", "statement"]

  input "statements" {
    type        = list(object({ sql = string, params = optional(any), types = optional(list(string)) }))
    required    = true
    shape       = true
    min_length  = 1
    description = "The statements and their parameters. With `types` an item names the types of its parameters, as `int8`; without it the server chooses them."
  }
  input "transaction" {
    type        = bool
    default     = true
    description = "Whether all are one transaction: if one fails, none has happened. Otherwise each is one by itself, and those behind a failed one run all the same."
  }
  input "pipeline" {
    type        = bool
    default     = true
    description = "Whether all are sent at once. Otherwise each waits for the answer to the one before."
  }
  input "prepare" {
    type        = bool
    default     = true
    description = "Whether the statements are prepared under names and used again. PgBouncer in transaction mode may need `false`."
  }

  # As those of postgres_query. What an item gives later it lacks here, and what it does not give is null.
  rule {
    condition     = alltrue([for one in known.statements : length(regexall("\\$[\\pL_][\\pL\\d_]*\\$|/\\*(?:[^*]|\\*+[^*/])*?/\\*", one.sql)) > 0 || length(regexall("x+", join("", [for piece in regexall("(?is)--[^\\r\\n]*|/\\*.*?(?:\\*/|$)|\\s+|(;)|(\\be'(?:[^'\\\\]|\\\\.|'')*'?|'[^']*'?|\"[^\"]*\"?|\\$\\$.*?(?:\\$\\$|$)|[\\pL\\d_][\\pL\\d_$]*|.)", one.sql) : piece[0] != null ? ";" : "x" if piece[0] != null || piece[1] != null]))) <= 1 if try(one.sql, null) != null])
    error_message = "an item of statements holds several statements: each is an item of its own"
  }
  rule {
    condition     = alltrue([for one in known.statements : length(regexall("\\$[\\pL_][\\pL\\d_]*\\$|/\\*(?:[^*]|\\*+[^*/])*?/\\*", one.sql)) > 0 || length(one.params) == max(0, [for piece in regexall("(?is)\\be'(?:[^'\\\\]|\\\\.|'')*'?|'[^']*'?|\"[^\"]*\"?|\\$\\$.*?(?:\\$\\$|$)|--[^\\r\\n]*|/\\*.*?(?:\\*/|$)|[\\pL\\d_][\\pL\\d_$]*|\\$(\\d+)", one.sql) : tonumber(piece[0]) if piece[0] != null]...) if try(one.sql, null) != null && try(one.params, null) != null])
    error_message = "an item of statements has another number of parameters ($1, $2 and so on) in sql than params"
  }
  rule {
    condition     = alltrue([for one in known.statements : length(regexall("\\$[\\pL_][\\pL\\d_]*\\$|/\\*(?:[^*]|\\*+[^*/])*?/\\*", one.sql)) > 0 || try(one.params, 0) != null || length([for piece in regexall("(?is)\\be'(?:[^'\\\\]|\\\\.|'')*'?|'[^']*'?|\"[^\"]*\"?|\\$\\$.*?(?:\\$\\$|$)|--[^\\r\\n]*|/\\*.*?(?:\\*/|$)|[\\pL\\d_][\\pL\\d_$]*|\\$(\\d+)", one.sql) : piece if piece[0] != null]) == 0 if try(one.sql, null) != null])
    error_message = "an item of statements has parameters in sql, and params is missing"
  }
  rule {
    condition     = alltrue(flatten([for one in known.statements : [for name in one.types : name == null || contains(["bool", "bytea", "char", "name", "int8", "int2", "int4", "text", "oid", "json", "xml", "cidr", "float4", "float8", "money", "macaddr", "inet", "bpchar", "varchar", "date", "time", "timestamp", "timestamptz", "interval", "timetz", "bit", "varbit", "numeric", "uuid", "jsonb", "boolean", "smallint", "integer", "int", "bigint", "real", "double precision", "decimal", "character varying", "character", "timestamp with time zone", "timestamp without time zone"], trimspace(trimsuffix(lower(trimspace(name)), "[]")))] if try(one.types, null) != null]))
    error_message = "a name in types is of no type that is known here: leave types out, and write $1::TYPE in sql"
  }

  output "results" {
    type        = list(any)
    description = "What came of each: an object with `rows`, `row_count`, `affected` and `command`."
  }
}

# What copies in and out have in common.
shared "copy" {
  input "table" {
    type        = string
    min_length  = 1
    description = "The table, as in a statement: `public.orders`."
  }
  input "columns" {
    type        = list(string)
    description = "The columns in the order of the rows. Without it all of the table."
  }
  input "sql" {
    type        = string
    min_length  = 1
    description = "In place of a table a whole statement that begins with COPY, which says columns and format itself, or what is copied out."
  }
  input "format" {
    type        = string
    default     = "text"
    one_of      = ["text", "csv", "binary"]
    description = "The format of the rows."
  }
  rule {
    conflicts     = ["table", "sql"]
    error_message = "a copy is of a table or by a statement: at most one of table and sql may be given"
  }
  rule {
    at_least_one  = ["table", "sql"]
    error_message = "a copy is of a table or by a statement: table or sql is missing"
  }
  rule {
    conflicts     = ["columns", "sql"]
    error_message = "a statement names its columns itself: at most one of columns and sql may be given"
  }
  metric "rows" {
    kind        = "counter"
    description = "Rows that were copied, as the server says."
  }
  error "statement" {
    description = "The statement does not copy so."
  }
}

runner "postgres_copy_in" {
  description = "Copies rows into a table, all or none. They are sent in pieces; a step that is given up inserts nothing."
  shares      = ["step", "borrowing", "connecting", "copy"]

  input "rows" {
    type        = list(any)
    description = "The rows: lists of values in the order of the columns. Needs the format text."
  }
  input "data" {
    type        = bytes
    description = "The rows as they are sent, in the format."
  }
  input "file" {
    type        = string
    min_length  = 1
    description = "The path of a file with the rows in the format, from the working folder of the program. It is read while it is sent."
  }
  rule {
    conflicts     = ["rows", "data", "file"]
    error_message = "the rows come from one place: at most one of rows, data and file may be given"
  }
  rule {
    at_least_one  = ["rows", "data", "file"]
    error_message = "the rows come from somewhere: rows, data or file is missing"
  }
  rule {
    when          = ["rows"]
    condition     = input.format == "text"
    error_message = "rows of the grid are sent as text: leave format out"
  }

  output "row_count" {
    type        = number
    description = "How many rows were inserted."
  }
  output "bytes" {
    type        = number
    description = "How many bytes of rows were sent."
  }

  metric "data_sent" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of rows."
  }
  error "conversion" {
    description = "A row is no list, or a value of it is none that a column can have."
  }
  error "file" {
    description = "The file cannot be read. Nothing was inserted."
  }
}

runner "postgres_copy_out" {
  description = "Copies rows out of a table or of a query. They are counted, and kept only if the grid reads them."
  shares      = ["step", "borrowing", "connecting", "copy"]

  output "data" {
    type        = any
    description = "The rows in the format: a string, or bytes if it is no UTF-8."
  }
  output "row_count" {
    type        = number
    description = "How many rows came."
  }
  output "bytes" {
    type        = number
    description = "How many bytes they have."
  }

  metric "data_received" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of rows."
  }
}

runner "postgres_notify" {
  description = "Sends a notification to a channel. Inside of a transaction the server sends it when that is committed."
  shares      = ["step", "borrowing", "connecting", "statement"]

  input "channel" {
    type        = string
    required    = true
    min_length  = 1
    description = "The channel."
  }
  input "payload" {
    type        = any
    description = "What is sent: a string as it is, everything else as JSON. A server takes less than 8000 bytes. Without it nothing but the notification."
  }
  input "stamp" {
    type        = bool
    default     = false
    description = "Whether a payload that is an object gets a first field `bggo-sent`, by which a `postgres_receive` measures `end_to_end` and which it takes out again. Listeners of others see it."
  }
}

runner "postgres_receive" {
  description  = "Waits for notifications of a listener. What came since the last step that received, and since the iteration began, counts."
  reads_stamps = true

  uses "listener" {
    asset       = "postgres_listener"
    description = "The listener."
  }

  input "match" {
    type        = bool
    form        = "predicate"
    description = "Which notifications count: a condition over the outputs, as `output.json.order == vu.id`. The others are dropped. Without it each counts."
  }
  input "count" {
    type        = number
    default     = 1
    min         = 1
    description = "How many notifications the step takes, of those that match."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step waits for all of them. Without it 10 s."
  }

  rule {
    condition     = input.count == floor(input.count)
    error_message = "count is a whole number"
  }
  rule {
    when          = ["timeout"]
    condition     = step.time_limit == null || input.timeout <= step.time_limit
    error_message = "the time limit of the step is shorter and ends it first"
    severity      = "warning"
  }

  output "payload" {
    type        = string
    description = "What the last notification says."
  }
  output "json" {
    type        = any
    description = "The same read as JSON; null if it is none."
  }
  output "channel" {
    type        = string
    description = "The channel that it was sent to."
  }
  output "pid" {
    type        = number
    description = "The process of the server for the session that sent it."
  }
  output "notifications" {
    type        = list(any)
    description = "All notifications in order: objects with `channel`, `payload` and `pid`."
  }
  output "skipped" {
    type        = number
    description = "How many notifications did not match, and were dropped."
  }

  error "timeout" {
    description = "Too few notifications came within `timeout`."
  }
  error "closed" {
    description = "The connection of the listener ended."
  }
  error "protocol" {
    description = "The server sent what the protocol forbids."
  }
}

asset "postgres_listener" {
  description = "A connection of its own that listens to channels, with the server and the settings of the connection that it names. Notifications that no step waits for stand in its inbox."
  scope       = "vu"
  scopes      = ["iteration"]
  connects    = true

  uses "connection" {
    asset       = "postgres_connection"
    description = "The connection whose server and settings it has."
  }

  input "channels" {
    type        = list(string)
    required    = true
    min_length  = 1
    description = "The channels."
  }
  input "inbox_messages" {
    type        = number
    default     = 1000
    min         = 1
    description = "The most notifications that wait for a step."
  }
  input "inbox_size" {
    type        = size
    default     = "1MiB"
    min         = 1
    description = "The most bytes of notifications that wait for a step. A single one may have more."
  }
  input "keep" {
    type        = bool
    default     = false
    description = "Whether notifications that came before an iteration wait on for its steps. Otherwise a step that receives drops and counts them."
  }
  input "on_full" {
    type        = string
    default     = "drop_oldest"
    one_of      = ["drop_oldest", "block"]
    description = "What happens when the inbox is full: the oldest notifications are dropped and counted, or nothing is read until a step receives. What a listener does not read fills the queue of the server."
  }

  rule {
    condition     = input.inbox_messages == floor(input.inbox_messages)
    error_message = "inbox_messages is a whole number"
  }

  output "channel" {
    type        = string
    description = "The first of its channels, for steps that notify it. A step that reads it runs once the listener listens."
  }
  output "listening" {
    type        = bool
    description = "True. A step that reads it runs once the listener listens, so that what it sends comes."
  }

  metric "notifications_received" {
    kind        = "counter"
    description = "Notifications that came, those that were dropped included."
  }
  metric "dropped" {
    kind        = "counter"
    description = "Notifications that were dropped because the inbox was full, because a step skipped them, or because another iteration had begun."
  }

  error "listen" {
    description = "The server refused to listen."
  }
  error "connect" {
    description = "There is no connection for it."
  }
  error "closed" {
    description = "The server closed the connection before it listened."
  }
  error "protocol" {
    description = "The server sent what the protocol forbids."
  }
}

runner "postgres_begin" {
  description = "Begins a transaction. The steps that depend on it run inside of it, until postgres_commit or postgres_rollback."
  shares      = ["step", "own_connection", "connecting"]
  opens       = "transaction"

  input "isolation" {
    type        = string
    one_of      = ["read committed", "repeatable read", "serializable"]
    description = "How it is kept apart from others. Without it as the server is set."
  }
  input "read_only" {
    type        = bool
    default     = false
    description = "Whether it changes nothing."
  }
  input "deferrable" {
    type        = bool
    default     = false
    description = "Whether a serializable one that only reads waits until it cannot fail."
  }

  rule {
    condition     = !input.deferrable || input.read_only && input.isolation == "serializable"
    error_message = "deferrable has a meaning only with read_only and isolation = \"serializable\""
    severity      = "warning"
  }
}

runner "postgres_commit" {
  description = "Commits the transaction. It fails where the server answers that it was rolled back."
  shares      = ["step", "own_connection", "connecting"]
  closes      = "transaction"

  output "committed" {
    type        = bool
    description = "Whether it is committed."
  }
}

runner "postgres_rollback" {
  description = "Rolls the transaction back. Where none is open it does nothing."
  shares      = ["step", "own_connection", "connecting"]
  closes      = "transaction"

  output "rolled_back" {
    type        = bool
    description = "Whether there was one."
  }
}

asset "postgres_connection" {
  description = "A connection to a server. One step at a time uses it; the others wait for their turn."
  scope       = "vu"
  scopes      = ["iteration"]
  connects    = true
  concurrency = "exclusive"
  shares      = ["session", "connecting"]

  output "server_version" {
    type        = string
    description = "The version that the server says."
  }
  output "backend_pid" {
    type        = number
    description = "The process of the server that serves the first connection."
  }
}

asset "postgres_pool" {
  description = "Connections that the users of a thread share, as those of an application do: a step borrows one for as long as it takes. Transactions of several steps need a postgres_connection."
  scope       = "worker"
  connects    = true
  shares      = ["session", "connecting"]

  input "max_connections" {
    type        = number
    required    = true
    min         = 1
    description = "The most connections at a time, of each thread of the program. They are made when they are needed, and kept."
  }
  input "acquire_timeout" {
    type        = duration
    default     = "30s"
    more_than   = "0s"
    description = "How long a step waits for a connection."
  }

  rule {
    condition     = input.max_connections == floor(input.max_connections)
    error_message = "max_connections is a whole number"
  }

  metric "pool_size" {
    kind        = "gauge"
    description = "How many connections there are."
  }
}
