description = "MongoDB: commands, finds, writes and aggregations, each user over a connection of its own."

# Every step uses a connection, and fails as the server or the connection does.
shared "exchange" {
  uses "connection" {
    asset       = "mongo_connection"
    description = "The connection. Steps that run side by side have it one after the other."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step may take, waiting for the connection included. Without it 10 s. A connection whose answer did not come in time is closed: the next step opens another."
  }
  input "database" {
    type        = string
    min_length  = 1
    description = "The database. Without it that of the connection."
  }
  rule {
    when          = ["timeout"]
    condition     = step.time_limit == null || input.timeout <= step.time_limit
    error_message = "the time limit of the step is shorter and ends it first"
    severity      = "warning"
  }
  metric "waiting" {
    kind        = "trend"
    unit        = "time"
    description = "How long a step waited because another one had the connection. Only those that had to wait."
  }
  metric "data_sent" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of messages to the server."
  }
  metric "data_received" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of messages of the server."
  }
  error "argument" {
    description = "What the step asks cannot be written: a value has no type of BSON, or the command would change the connection for other steps."
  }
  error "too_large" {
    description = "A document or a message is larger than the server takes."
  }
  error "auth" {
    description = "The server does not know this user or password (18)."
  }
  error "unauthorized" {
    description = "The user may not do that (13)."
  }
  error "not_primary" {
    description = "The server is no primary, not any more, or is shutting down (10107, 13435, 11602, 91 and their like)."
  }
  error "duplicate_key" {
    description = "A unique index has the key already (11000)."
  }
  error "write_concern" {
    description = "It was written here, and not as far as the write concern asks."
  }
  error "write_conflict" {
    description = "Another one wrote the same (112)."
  }
  error "max_time" {
    description = "It took longer than the server was told to let it take (50)."
  }
  error "cursor_not_found" {
    description = "The server has the cursor no more (43)."
  }
  error "bad_command" {
    description = "The server does not know the command, or cannot read its arguments (2, 9, 14, 59 and their like)."
  }
  error "server_error" {
    description = "Any other error of the server. The text has its code."
  }
  error "dns" {
    description = "The host name has no address."
  }
  error "connect" {
    description = "No connection: it took too long."
  }
  error "refused" {
    description = "No connection: nobody listens there."
  }
  error "unreachable" {
    description = "No connection: there is no way to the host."
  }
  error "local" {
    description = "No connection: this host has no more descriptors or ports."
  }
  error "tls" {
    description = "No TLS connection."
  }
  error "closed" {
    description = "The connection ended before the whole answer had come. The command may have been executed."
  }
  error "timeout" {
    description = "No answer within `timeout`. The command may have been executed."
  }
  error "protocol" {
    description = "What came is no answer of MongoDB to this command."
  }
}

# Rules about documents are warnings: those are judged when the grid is built, and cost a step nothing. What they warn of fails the step.

# What may change something.
shared "write" {
  metric "possibly_written" {
    kind        = "counter"
    description = "Commands that may write and were sent and whose answer did not come."
  }
}

# What answers with a cursor.
shared "cursor" {
  input "batch_size" {
    type        = number
    min         = 1
    description = "How many documents come at once. Without it the server decides: 101, then as many as fit."
  }
  input "all" {
    type        = bool
    default     = true
    description = "Whether the step fetches all documents, batch by batch. Otherwise it ends with the first batch, and the server forgets the rest."
  }
  input "hint" {
    type        = any
    description = "The index that is used: its name, or its keys."
  }
  input "read_concern" {
    type        = any
    description = "How settled what is read must be, as `{ level = \"majority\" }`."
  }
  rule {
    when          = ["batch_size"]
    condition     = input.batch_size == floor(input.batch_size)
    error_message = "batch_size is a whole number"
  }
  output "documents" {
    type        = list(any)
    description = "The documents, as far as they were fetched."
  }
  output "document" {
    type        = any
    description = "The first document; null if there is none."
  }
  output "count" {
    type        = number
    description = "How many documents came."
  }
  metric "documents" {
    kind        = "counter"
    description = "Documents that came."
  }
  metric "batches" {
    kind        = "counter"
    description = "Batches in which they came."
  }
  metric "first_batch" {
    kind        = "trend"
    unit        = "time"
    description = "How long the first batch took. The service time is that of all of them."
  }
}

shared "write_concern" {
  input "write_concern" {
    type        = any
    description = "How settled a write must be, as `{ w = \"majority\", wtimeout = 1000 }`. With `{ w = 0 }` the server does not answer: the step ends when it is sent, and its outputs are null."
  }
  rule {
    when          = ["write_concern"]
    condition     = can(keys(input.write_concern))
    error_message = "write_concern is an object, as { w = 1 }"
  }
}

runner "mongo_find" {
  description = "Finds documents of a collection."
  shares      = ["exchange", "cursor"]

  input "collection" {
    type        = string
    required    = true
    min_length  = 1
    description = "The collection."
  }
  input "filter" {
    type        = any
    shape       = true
    description = "Which documents, as `{ user = 7, sum = { \"$gt\" = 10 } }`. Without it all."
  }
  input "projection" {
    type        = any
    shape       = true
    description = "Which fields of them, as `{ name = 1 }`."
  }
  input "sort" {
    type        = any
    shape       = true
    description = "Their order, as `{ sum = -1, name = 1 }`: the first key comes first."
  }
  input "limit" {
    type        = number
    min         = 0
    description = "The most documents. Without it, or with 0, all."
  }
  input "skip" {
    type        = number
    min         = 0
    description = "How many are left out at the beginning."
  }

  rule {
    when          = ["limit"]
    condition     = input.limit == floor(input.limit)
    error_message = "limit is a whole number"
  }
  rule {
    when          = ["skip"]
    condition     = input.skip == floor(input.skip)
    error_message = "skip is a whole number"
  }
  rule {
    when          = ["filter"]
    condition     = can(keys(input.filter))
    error_message = "filter is an object"
    severity      = "warning"
  }
  rule {
    when          = ["projection"]
    condition     = can(keys(input.projection))
    error_message = "projection is an object"
    severity      = "warning"
  }
  rule {
    when          = ["sort"]
    condition     = can(keys(input.sort))
    error_message = "sort is an object: the fields, each with 1 or -1"
    severity      = "warning"
  }
}

runner "mongo_aggregate" {
  description = "Runs a pipeline over the documents of a collection."
  shares      = ["exchange", "write", "cursor", "write_concern"]

  input "collection" {
    type        = string
    min_length  = 1
    description = "The collection. Without it the pipeline begins with a stage that needs none."
  }
  input "pipeline" {
    type        = list(any)
    required    = true
    shape       = true
    description = "The stages, each an object with one key, as `{ \"$match\" = { user = 7 } }`."
  }
}

runner "mongo_insert" {
  description = "Inserts documents."
  shares      = ["exchange", "write", "write_concern"]

  input "collection" {
    type        = string
    required    = true
    min_length  = 1
    description = "The collection."
  }
  input "documents" {
    type        = list(any)
    required    = true
    shape       = true
    min_length  = 1
    description = "The documents. One without an `_id` gets a new ObjectId."
  }
  input "ordered" {
    type        = bool
    default     = true
    description = "Whether the server stops at the first document that it cannot insert. Otherwise it goes on with the others; the step fails all the same."
  }

  output "inserted" {
    type        = number
    description = "How many were inserted."
  }
  output "inserted_ids" {
    type        = list(any)
    description = "The `_id` of each document, in their order."
  }

  metric "documents" {
    kind        = "counter"
    description = "Documents that were inserted, also where others failed."
  }
}

runner "mongo_update" {
  description = "Updates a document, or all that fit."
  shares      = ["exchange", "write", "write_concern"]

  input "collection" {
    type        = string
    required    = true
    min_length  = 1
    description = "The collection."
  }
  input "filter" {
    type        = any
    shape       = true
    description = "Which documents. Without it any."
  }
  input "update" {
    type        = any
    required    = true
    shape       = true
    description = "What becomes of them: operators, as `{ \"$inc\" = { sum = 1 } }`, a whole document in their place, or a list of stages."
  }
  input "upsert" {
    type        = bool
    default     = false
    description = "Whether a document is inserted where none fits."
  }
  input "multi" {
    type        = bool
    default     = false
    description = "Whether all that fit are updated, and not one of them."
  }
  input "array_filters" {
    type        = list(any)
    shape       = true
    description = "Which elements of lists `$[name]` stands for."
  }
  input "hint" {
    type        = any
    description = "The index that is used: its name, or its keys."
  }

  rule {
    when          = ["filter"]
    condition     = can(keys(input.filter))
    error_message = "filter is an object"
    severity      = "warning"
  }
  rule {
    condition     = !can(keys(input.update)) || length([for key in keys(input.update) : key if startswith(key, "$")]) == 0 || length([for key in keys(input.update) : key if !startswith(key, "$")]) == 0
    error_message = "an update has operators, which begin with $, or fields, and not both: put the fields into $set"
    severity      = "warning"
  }
  rule {
    condition     = !can(keys(input.update)) || length([for key in keys(input.update) : key if startswith(key, "$") && !contains(["$set", "$unset", "$inc", "$mul", "$min", "$max", "$rename", "$setOnInsert", "$currentDate", "$addToSet", "$pop", "$pull", "$push", "$pullAll", "$bit"], key)]) == 0
    error_message = "the update has an operator that MongoDB does not know"
    severity      = "warning"
  }

  output "matched" {
    type        = number
    description = "How many documents fit."
  }
  output "modified" {
    type        = number
    description = "How many of them are different now."
  }
  output "upserted_id" {
    type        = any
    description = "The `_id` of the document that was inserted; null if none was."
  }

  metric "documents" {
    kind        = "counter"
    description = "Documents that were modified or inserted."
  }
}

runner "mongo_delete" {
  description = "Deletes a document, or all that fit."
  shares      = ["exchange", "write", "write_concern"]

  input "collection" {
    type        = string
    required    = true
    min_length  = 1
    description = "The collection."
  }
  input "filter" {
    type        = any
    required    = true
    shape       = true
    description = "Which documents. `{}` is all of them."
  }
  input "multi" {
    type        = bool
    default     = false
    description = "Whether all that fit are deleted, and not one of them."
  }
  input "hint" {
    type        = any
    description = "The index that is used: its name, or its keys."
  }

  rule {
    condition     = can(keys(input.filter))
    error_message = "filter is an object"
    severity      = "warning"
  }

  output "deleted" {
    type        = number
    description = "How many were deleted."
  }

  metric "documents" {
    kind        = "counter"
    description = "Documents that were deleted."
  }
}

runner "mongo_command" {
  description = "Runs any command."
  shares      = ["exchange", "write"]

  input "command" {
    type        = any
    required    = true
    shape       = true
    description = "The command, as `{ count = \"users\", query = { age = 7 } }`: its first key is its name."
  }

  rule {
    condition     = can(keys(input.command)) && try(length(keys(input.command)) > 0, false)
    error_message = "a command is an object with its name as the first key, as { ping = 1 }"
    severity      = "warning"
  }
  rule {
    condition     = !contains(try(keys(input.command), []), "$db")
    error_message = "the database of a command is the argument database"
    severity      = "warning"
  }
  rule {
    condition     = length([for key in try(keys(input.command), []) : key if contains(["saslStart", "saslContinue", "authenticate", "logout"], key)]) == 0
    error_message = "the command would change the connection for the other steps: user and password stand in the mongo_connection"
    severity      = "warning"
  }

  output "reply" {
    type        = any
    description = "The answer of the server."
  }
}

asset "mongo_connection" {
  description = "A connection to a server: a primary, a mongos, or one alone. It is opened when it is created; one that was lost is opened again by the step that needs it."
  scope       = "vu"
  scopes      = ["iteration"]
  connects    = true
  concurrency = "exclusive"

  input "url" {
    type            = string
    required        = true
    pattern         = "^mongodb://(?:[^/?#@\\s]*@)?(?:\\[[0-9A-Fa-f:.]+\\]|[^\\s/?#:@,\\[\\]\\\\]+)(?::[0-9]{1,5})?(?:/[^\\s/?#]*)?(?:\\?(?:(?:authSource|authMechanism|appName|tls|ssl|directConnection|replicaSet)=[^&\\s#]*&?)*)?$"
    pattern_message = "write mongodb:// and one host, perhaps with user and password, a port and /database, and of the options behind ? authSource, authMechanism, appName, tls, directConnection or replicaSet; mongodb+srv:// and lists of hosts are not looked up: name the primary or a mongos"
    description     = "Where the server is: `mongodb://user:password@host:27017/database`, with options behind a `?`."
  }
  input "database" {
    type        = string
    min_length  = 1
    description = "The database of steps that name none, in place of that of the url. Without both `test`."
  }
  input "username" {
    type        = string
    min_length  = 1
    description = "The user of the server, in place of that of the url."
  }
  input "password" {
    type        = string
    sensitive   = true
    description = "The password, in place of that of the url."
  }
  input "auth_source" {
    type        = string
    min_length  = 1
    description = "The database that knows the user. Without it that of the url, else `admin`; with MONGODB-X509 and PLAIN `$external`."
  }
  input "auth_mechanism" {
    type        = string
    one_of      = ["SCRAM-SHA-256", "SCRAM-SHA-1", "MONGODB-X509", "PLAIN"]
    description = "How the user logs in. Without it by SCRAM-SHA-256 if the server offers that, else by SCRAM-SHA-1. PLAIN sends the password as it is: use it over TLS only."
  }
  input "app_name" {
    type        = string
    default     = "bggo"
    max_length  = 128
    description = "How the log of the server and currentOp call the connection."
  }
  input "connect_timeout" {
    type        = duration
    default     = "10s"
    more_than   = "0s"
    description = "Time limit for connecting, TLS and authentication included."
  }
  input "tls" {
    type        = bool
    default     = false
    description = "Whether TLS is spoken. `tls=true` in the url says the same."
  }
  input "server_name" {
    type        = string
    description = "The host that the server's certificate has to be for. Without it that of the url."
  }
  input "ca_file" {
    type        = string
    description = "File of PEM certificates to trust instead of the built-in ones and the host's: of authorities, or of the server itself."
  }
  input "ca_pem" {
    type        = string
    description = "The certificates of `ca_file` as text."
  }
  input "client_cert_file" {
    type        = string
    description = "File of the client's certificate chain (PEM)."
  }
  input "client_key_file" {
    type        = string
    description = "File of the client certificate's key (PEM)."
  }
  input "client_cert_pem" {
    type        = string
    description = "The client's certificate chain as text."
  }
  input "client_key_pem" {
    type        = string
    sensitive   = true
    description = "The client certificate's key as text."
  }
  input "insecure_skip_verify" {
    type        = bool
    default     = false
    description = "Whether every certificate is trusted. For tests only."
  }

  rule { conflicts = ["ca_file", "ca_pem"] }
  rule { conflicts = ["client_cert_file", "client_cert_pem"] }
  rule { conflicts = ["client_key_file", "client_key_pem"] }
  rule {
    when          = ["client_cert_file", "client_cert_pem"]
    at_least_one  = ["client_key_file", "client_key_pem"]
    error_message = "a client's certificate needs its key: client_key_file or client_key_pem"
  }
  rule {
    when          = ["client_key_file", "client_key_pem"]
    at_least_one  = ["client_cert_file", "client_cert_pem"]
    error_message = "a client's key needs its certificate: client_cert_file or client_cert_pem"
  }
  rule {
    when          = ["ca_file", "ca_pem", "client_cert_file", "client_cert_pem", "server_name"]
    condition     = input.tls || strcontains(input.url, "tls=true") || strcontains(input.url, "ssl=true")
    error_message = "TLS is not spoken, so no certificate is looked at or shown: write tls = true"
    severity      = "warning"
  }
  rule {
    when          = ["auth_mechanism"]
    condition     = input.auth_mechanism != "PLAIN" || input.tls || strcontains(input.url, "tls=true") || strcontains(input.url, "ssl=true")
    error_message = "PLAIN sends the password as it is, and TLS is not spoken"
    severity      = "warning"
  }

  output "server_version" {
    type        = string
    description = "The version that the server says it has; null if it says none."
  }
  output "max_wire_version" {
    type        = number
    description = "The newest version of the protocol that the server speaks."
  }

  metric "connections" {
    kind        = "counter"
    description = "Connections that were opened."
  }
  metric "reconnects" {
    kind        = "counter"
    description = "Connections that replaced one that was lost or given up."
  }
  metric "connecting" {
    kind        = "trend"
    unit        = "time"
    description = "From the beginning of a dial until the server takes commands."
  }
  metric "tls_handshaking" {
    kind        = "trend"
    unit        = "time"
    description = "How long agreeing on TLS took of that."
  }
  metric "authenticating" {
    kind        = "trend"
    unit        = "time"
    description = "How long logging in took of that."
  }

  error "settings" {
    description = "The settings of the connection cannot be used."
  }
  error "auth" {
    description = "The server does not know this user or password, or offers no mechanism that is known here."
  }
  error "not_primary" {
    description = "The server is no primary."
  }
  error "unsupported" {
    description = "The server is older than 3.6, or is of another replica set."
  }
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
    description = "There is no way to the host."
  }
  error "local" {
    description = "This host has no more descriptors or ports."
  }
  error "tls" {
    description = "No TLS connection."
  }
  error "closed" {
    description = "The server closed the connection."
  }
  error "server_error" {
    description = "The server refused one of the first commands."
  }
  error "protocol" {
    description = "What came is no answer of MongoDB."
  }
}
