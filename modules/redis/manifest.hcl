description = "Redis: commands, pipelines and transactions, scripts, messages and streams."

# Every step uses a connection, and fails as the server or the connection does.
shared "exchange" {
  uses "connection" {
    asset       = "redis_connection"
    description = "The connection. Steps that run side by side have it one after the other."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step may take, waiting for the connection included. Without it 10 s. A connection whose answer did not come in time is closed: the next step opens another."
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
    description = "Bytes of commands."
  }
  metric "data_received" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of replies."
  }
  metric "possibly_executed" {
    kind        = "counter"
    description = "Commands that were sent and whose reply did not come: they may have been executed."
  }
  error "argument" {
    description = "A command cannot be sent: it is empty, an argument is null, a list or an object, or it would change the connection for other steps."
  }
  error "wrong_type" {
    description = "WRONGTYPE: the key holds another type."
  }
  error "permission" {
    description = "NOPERM: the user may not do that."
  }
  error "auth" {
    description = "NOAUTH or WRONGPASS: the server does not know this user or password."
  }
  error "busy" {
    description = "BUSY, LOADING, TRYAGAIN, MASTERDOWN or CLUSTERDOWN: the server cannot answer now."
  }
  error "moved" {
    description = "MOVED or ASK: another node of the cluster has the key, and the connection has no `cluster = true`, or was sent on more than five times."
  }
  error "out_of_memory" {
    description = "OOM: the server has no memory left for writes."
  }
  error "readonly" {
    description = "READONLY: the server is a replica."
  }
  error "exec_abort" {
    description = "EXECABORT: a command of the transaction was refused, so none was executed."
  }
  error "no_script" {
    description = "NOSCRIPT: the server does not know the script."
  }
  error "server_error" {
    description = "Any other error of the server."
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
    description = "The connection ended before the whole reply had come. The command may have been executed."
  }
  error "timeout" {
    description = "No reply within `timeout`. The command may have been executed."
  }
  error "too_large" {
    description = "A reply has more bytes than max_reply_size."
  }
  error "protocol" {
    description = "What came is no reply of Redis."
  }
}

# What a single command gives.
shared "reply" {
  output "value" {
    type        = any
    description = "The reply: a string, number or bool, a list, an object for a map, or null. A string that is no UTF-8 is bytes."
  }
  output "type" {
    type        = string
    description = "The type of the reply: `string`, `integer`, `double`, `boolean`, `big_number`, `list`, `set`, `map` or `null`."
  }
  output "is_null" {
    type        = bool
    description = "Whether the reply is null, as that of GET for a key that does not exist."
  }
}

runner "redis_command" {
  description = "Sends a command and waits for its reply."
  shares      = ["exchange", "reply"]
  blocks      = contains(["BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "WAIT", "WAITAOF"], upper(input.command[0]))

  input "command" {
    type        = list(any)
    required    = true
    shape       = true
    min_length  = 1
    description = "The command and its arguments, as `[\"SET\", \"user:1\", \"Ada\", \"EX\", 60]`: strings, numbers, bools and bytes."
  }

  # Of what is known alone: the program refuses commands that would change the connection by itself, and the server wrong counts.
  rule {
    condition     = !contains(["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"], try(upper(known.command[0]), ""))
    error_message = "messages of channels come to a redis_subscription, and redis_receive waits for them"
  }
  rule {
    condition     = !contains(["MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH"], try(upper(known.command[0]), ""))
    error_message = "a transaction is a redis_pipeline with transaction = true"
  }
  rule {
    condition     = !contains(["SELECT", "AUTH", "HELLO", "RESET", "QUIT", "MONITOR", "SYNC", "PSYNC"], try(upper(known.command[0]), ""))
    error_message = "the command would change the connection for the other steps: database, user and password stand in the redis_connection"
  }
  rule {
    condition     = try(contains(["MSET", "MSETNX"], upper(known.command[0])) ? length(known.command) >= 3 && length(known.command) % 2 == 1 : contains(["HSET", "HMSET"], upper(known.command[0])) ? length(known.command) >= 4 && length(known.command) % 2 == 0 : upper(known.command[0]) != "XADD" || length(known.command) < 5 ? upper(known.command[0]) != "XADD" : contains(["MAXLEN", "MINID", "NOMKSTREAM"], upper(known.command[2])) || length(known.command) % 2 == 1, true)
    error_message = "MSET, HSET and XADD take names and values in pairs: one is missing"
  }
}

runner "redis_pipeline" {
  description = "Sends commands at once and waits for all replies; as a transaction on demand."
  shares      = ["exchange"]

  input "commands" {
    type        = list(list(any))
    required    = true
    shape       = true
    min_length  = 1
    description = "The commands, each a list as that of `redis_command`."
  }
  input "transaction" {
    type        = bool
    default     = false
    description = "Whether the commands are executed between MULTI and EXEC, with nothing of other clients between them."
  }
  input "continue_on_error" {
    type        = bool
    default     = false
    description = "Whether the step passes though a command failed."
  }

  rule {
    condition     = alltrue([for command in known.commands : !contains(["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"], try(upper(command[0]), ""))])
    error_message = "messages of channels come to a redis_subscription, and redis_receive waits for them"
  }
  rule {
    condition     = alltrue([for command in known.commands : !contains(["MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH"], try(upper(command[0]), ""))])
    error_message = "the step writes MULTI and EXEC by itself where it has transaction = true"
  }
  rule {
    condition     = alltrue([for command in known.commands : !contains(["SELECT", "AUTH", "HELLO", "RESET", "QUIT", "MONITOR", "SYNC", "PSYNC"], try(upper(command[0]), ""))])
    error_message = "a command would change the connection for the other steps: database, user and password stand in the redis_connection"
  }
  # WAIT may stand behind the writes that it waits for.
  rule {
    condition     = alltrue([for command in known.commands : !contains(["BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP"], try(upper(command[0]), "")) && !try(upper(command[0]) == "XREAD" && (upper(command[1]) == "BLOCK" || upper(command[1]) == "COUNT" && upper(command[3]) == "BLOCK"), false) && !try(upper(command[0]) == "XREADGROUP" && (upper(command[4]) == "BLOCK" || upper(command[4]) == "COUNT" && upper(command[6]) == "BLOCK"), false)])
    error_message = "a command that waits holds up those behind it, and does not wait in a transaction: let it stand alone, in a redis_command or a redis_stream_read"
  }
  rule {
    condition     = alltrue([for command in known.commands : try(contains(["MSET", "MSETNX"], upper(command[0])) ? length(command) >= 3 && length(command) % 2 == 1 : contains(["HSET", "HMSET"], upper(command[0])) ? length(command) >= 4 && length(command) % 2 == 0 : upper(command[0]) != "XADD" || length(command) < 5 ? upper(command[0]) != "XADD" : contains(["MAXLEN", "MINID", "NOMKSTREAM"], upper(command[2])) || length(command) % 2 == 1, true)])
    error_message = "MSET, HSET and XADD take names and values in pairs: one is missing in a command"
  }
  # The part of a key in braces, or all of it, says in which slot it is. Two different ones are in the same slot one time in 16,384, so that
  # this is a warning, and the program judges by the slot.
  rule {
    condition     = !input.transaction || !uses.connection.cluster || length(distinct([for command in known.commands : try(regex("^[^{]*\\{([^}]+)\\}", command[1])[0], command[1]) if can(length(command[1])) && contains(["APPEND", "BITCOUNT", "BITFIELD", "BITPOS", "DECR", "DECRBY", "DEL", "EXISTS", "EXPIRE", "EXPIREAT", "EXPIRETIME", "GEOADD", "GET", "GETBIT", "GETDEL", "GETEX", "GETRANGE", "GETSET", "HDEL", "HEXISTS", "HGET", "HGETALL", "HINCRBY", "HINCRBYFLOAT", "HKEYS", "HLEN", "HMGET", "HMSET", "HSET", "HSETNX", "HVALS", "INCR", "INCRBY", "INCRBYFLOAT", "LINDEX", "LINSERT", "LLEN", "LMOVE", "LPOP", "LPUSH", "LPUSHX", "LRANGE", "LREM", "LSET", "LTRIM", "MGET", "MSET", "PERSIST", "PEXPIRE", "PFADD", "PSETEX", "PTTL", "RENAME", "RPOP", "RPUSH", "RPUSHX", "SADD", "SCARD", "SET", "SETBIT", "SETEX", "SETNX", "SETRANGE", "SISMEMBER", "SMEMBERS", "SMOVE", "SPOP", "SREM", "STRLEN", "TTL", "TYPE", "UNLINK", "XACK", "XADD", "XDEL", "XLEN", "XRANGE", "XTRIM", "ZADD", "ZCARD", "ZCOUNT", "ZINCRBY", "ZPOPMAX", "ZPOPMIN", "ZRANGE", "ZRANK", "ZREM", "ZSCORE"], try(upper(command[0]), ""))])) <= 1
    error_message = "the keys of the transaction are most likely in different slots of the cluster: give them the same part in braces, as `{cart:1}:items`"
    severity      = "warning"
  }

  output "values" {
    type        = list(any)
    description = "The replies in the order of the commands; null where one failed."
  }
  output "errors" {
    type        = list(string)
    description = "The errors in the order of the commands; null where one did not fail."
  }

  metric "commands" {
    kind        = "counter"
    description = "Commands that were answered, MULTI and EXEC not included."
  }
}

runner "redis_script" {
  description = "Runs a script of the server: by its hash, and with its text where the server does not know it."
  shares      = ["exchange", "reply"]

  input "script" {
    type        = string
    required    = true
    min_length  = 1
    description = "The script in Lua."
  }
  input "keys" {
    type        = list(string)
    default     = []
    description = "The keys that it uses, its KEYS."
  }
  input "args" {
    type        = list(any)
    default     = []
    description = "Its other arguments, its ARGV: strings, numbers, bools and bytes."
  }

  metric "loaded" {
    kind        = "counter"
    description = "How often the server did not know the script, so that its text was sent."
  }
}

runner "redis_publish" {
  description = "Sends a message to a channel."
  shares      = ["exchange"]

  input "channel" {
    type        = string
    required    = true
    description = "The channel."
  }
  input "message" {
    type        = any
    required    = true
    description = "The message: a string or bytes as they are, everything else as JSON."
  }
  input "shard" {
    type        = bool
    default     = false
    description = "Whether the channel is a shard channel (SPUBLISH, from Redis 7 on): in a cluster the node that has its slot gets the message, and not all nodes."
  }
  input "stamp" {
    type        = bool
    default     = false
    description = "Whether a message that is an object gets a first field `bggo-sent`, by which a `redis_receive` measures `end_to_end` and which it takes out again. Subscribers of others see it."
  }

  output "receivers" {
    type        = number
    description = "How many subscribers the server sent it to; in a cluster, those of this node."
  }
}

runner "redis_receive" {
  description  = "Waits for messages of a subscription. What came since the last step that received, and since the iteration began, counts."
  reads_stamps = true

  uses "subscription" {
    asset       = "redis_subscription"
    description = "The subscription."
  }

  input "match" {
    type        = bool
    form        = "predicate"
    description = "Which messages count: a condition over the outputs, as `output.json.order == vu.id`. The others are dropped. Without it each message counts."
  }
  input "count" {
    type        = number
    default     = 1
    min         = 1
    description = "How many messages the step takes, of those that match."
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

  output "message" {
    type        = any
    description = "The last message: a string, or bytes if it is no UTF-8."
  }
  output "json" {
    type        = any
    description = "The same read as JSON; null if it is none."
  }
  output "channel" {
    type        = string
    description = "The channel that it was sent to."
  }
  output "messages" {
    type        = list(any)
    description = "All messages in order: objects with `channel` and `message`."
  }
  output "skipped" {
    type        = number
    description = "How many messages did not match, and were dropped."
  }

  error "timeout" {
    description = "Too few messages came within `timeout`."
  }
  error "closed" {
    description = "The connection of the subscription ended: the server died, cut off a subscriber that reads too slowly, or has its shard channels no more."
  }
  error "protocol" {
    description = "What came is no reply of Redis."
  }
}

runner "redis_stream_add" {
  description = "Adds an entry to a stream."
  shares      = ["exchange"]
  stamps      = input.stamp

  input "stream" {
    type        = string
    required    = true
    description = "The stream, a key."
  }
  input "fields" {
    type        = any
    required    = true
    description = "The fields of the entry, an object: strings and bytes as they are, numbers and bools as text, everything else as JSON."
  }
  input "id" {
    type        = string
    default     = "*"
    min_length  = 1
    description = "The id of the entry. With `*` the server gives it one."
  }
  input "max_length" {
    type        = number
    min         = 0
    description = "The most entries that the stream keeps: older ones are removed."
  }
  input "exact" {
    type        = bool
    default     = false
    description = "Whether the stream has no entry more than `max_length`. Otherwise the server removes them when that costs little."
  }
  input "stamp" {
    type        = bool
    read        = "build"
    description = "Whether the entry has a field `bggo-sent`, by which a `redis_stream_read` measures `end_to_end`. Without it, where the grid has such a step."
  }

  rule {
    condition     = input.max_length == null || input.max_length == floor(input.max_length)
    error_message = "max_length is a whole number"
  }

  output "id" {
    type        = string
    description = "The id of the entry."
  }
}

runner "redis_stream_read" {
  description  = "Reads entries of streams: alone, each step on from where the last one of its user left off, or as a consumer of a group."
  shares       = ["exchange"]
  blocks       = input.block != null
  reads_stamps = true

  input "streams" {
    type        = list(string)
    required    = true
    min_length  = 1
    description = "The streams."
  }
  input "group" {
    type        = string
    description = "The group as whose consumer the step reads. It must exist: `XGROUP CREATE` makes it."
  }
  input "consumer" {
    type        = string
    description = "The name of the consumer in the group, as `\"user-$${vu.id}\"`."
  }
  input "after" {
    type        = string
    description = "The id behind which this step reads, whatever was read before. With `$` it gets what is added while it waits. Without it the step reads on; in a group it gets what no consumer has got (`>`)."
  }
  input "begin" {
    type            = string
    pattern         = "^(?:\\$|[0-9]{1,20}(?:-[0-9]{1,20})?)$"
    pattern_message = "write `$`, 0 or the id of an entry, as 1700000000000-0"
    description     = "The id behind which a user reads a stream the first time: `0` for all of its entries. Without it, or with `$`, what is added once the user's first step reads. Later steps read on."
  }
  input "count" {
    type        = number
    default     = 1
    min         = 1
    description = "The most entries of each stream."
  }
  input "block" {
    type        = duration
    description = "How long the server waits for an entry if there is none. Without it the step does not wait. With `0s` it waits until the step's `timeout`."
  }
  input "ack" {
    type        = bool
    default     = true
    description = "Whether the entries are acknowledged (XACK) by the same step, where it reads for a group."
  }

  rule {
    condition     = input.count == floor(input.count)
    error_message = "count is a whole number"
  }
  rule {
    when          = ["group"]
    at_least_one  = ["consumer"]
    error_message = "a group needs the name of a consumer"
  }
  rule {
    when          = ["begin"]
    condition     = input.group == null
    error_message = "where a group begins is said when it is created (XGROUP CREATE)"
  }
  rule { conflicts = ["begin", "after"] }
  rule {
    when          = ["consumer"]
    at_least_one  = ["group"]
    error_message = "a consumer belongs to a group"
  }
  rule {
    when          = ["block"]
    condition     = input.timeout == null || input.block < input.timeout
    error_message = "the step gives up before the server does: let `block` be shorter than `timeout`"
  }

  output "entries" {
    type        = list(any)
    description = "The entries in order: objects with `stream`, `id` and `fields`, which are null of an entry that was deleted."
  }
  output "entry" {
    type        = any
    description = "The first of them; null if there is none."
  }
  output "count" {
    type        = number
    description = "How many there are."
  }
  output "last_id" {
    type        = string
    description = "The id of the last one; null if there is none."
  }

  metric "entries" {
    kind        = "counter"
    description = "Entries that came."
  }
  metric "delivery_latency" {
    kind        = "trend"
    unit        = "time"
    description = "From the time in an entry's id, which the server's clock gave it, to its arrival here by the wall clock: as good as the two clocks agree, and not finer than a millisecond."
  }
}

asset "redis_subscription" {
  description = "A subscription to channels, on a connection of its own with the settings of the one that it names. Messages that no step waits for stand in its inbox."
  scope       = "vu"
  scopes      = ["iteration"]
  connects    = true

  uses "connection" {
    asset       = "redis_connection"
    description = "The connection whose server and settings it has."
  }

  input "channels" {
    type        = list(string)
    default     = []
    description = "The channels."
  }
  input "patterns" {
    type        = list(string)
    default     = []
    description = "Patterns of channels, as `orders.*`."
  }
  input "shard_channels" {
    type        = list(string)
    default     = []
    description = "Shard channels (SSUBSCRIBE, from Redis 7 on), to which a `redis_publish` sends with `shard = true`. With `cluster = true` the subscription is at the node that has them, and they are all in one slot."
  }
  input "inbox_messages" {
    type        = number
    default     = 1000
    min         = 1
    description = "The most messages that wait for a step."
  }
  input "inbox_size" {
    type        = size
    default     = "1MiB"
    min         = 1
    description = "The most bytes of messages that wait for a step. A single message may have more."
  }
  input "keep" {
    type        = bool
    default     = false
    description = "Whether messages that came before an iteration wait on for its steps. Otherwise a step that receives drops and counts them."
  }
  input "on_full" {
    type        = string
    default     = "drop_oldest"
    one_of      = ["drop_oldest", "block"]
    description = "What happens when the inbox is full: the oldest messages are dropped and counted, or nothing is read until a step receives. A server cuts off a subscriber that does not read."
  }

  rule {
    condition     = length(input.channels) + length(input.patterns) + length(input.shard_channels) > 0
    error_message = "a subscription names a channel, a pattern or a shard channel"
  }
  # As of the keys of a transaction.
  rule {
    condition     = !uses.connection.cluster || length(distinct([for name in known.shard_channels : try(regex("^[^{]*\\{([^}]+)\\}", name)[0], name) if name != null])) <= 1
    error_message = "the shard channels are most likely in different slots of the cluster: give them the same part in braces, as `{news}:sport`, or a subscription each"
    severity      = "warning"
  }
  rule {
    condition     = input.inbox_messages == floor(input.inbox_messages)
    error_message = "inbox_messages is a whole number"
  }

  output "channel" {
    type        = string
    description = "The first of its channels, for steps that publish to it; null if it has none. A step that reads it runs once the subscription has begun."
  }
  output "subscribed" {
    type        = bool
    description = "True. A step that reads it runs once the subscription has begun, so that what it publishes comes."
  }

  metric "messages_received" {
    kind        = "counter"
    description = "Messages that came, those that were dropped included."
  }
  metric "dropped" {
    kind        = "counter"
    description = "Messages that were dropped because the inbox was full, because a step skipped them, or because another iteration had begun."
  }

  error "subscribe" {
    description = "The server refused to subscribe, as to a user who may not read the channel; or the shard channels are in different slots of a cluster."
  }
  error "connect" {
    description = "There is no connection for it."
  }
  error "closed" {
    description = "The server closed the connection before it had subscribed."
  }
  error "protocol" {
    description = "What came is no reply of Redis."
  }
}

asset "redis_connection" {
  description = "A connection to a server. It is opened when it is created; one that was lost is opened again by the step that needs it."
  scope       = "vu"
  scopes      = ["iteration"]
  connects    = true
  concurrency = "exclusive"

  input "url" {
    type            = string
    required        = true
    pattern         = "^(?:rediss?://(?:[^/?#@\\s]*@)?(?:\\[[0-9A-Fa-f:.]+\\]|[^\\s/?#:@\\[\\]\\\\]+)(?::[0-9]{1,5})?(?:/[0-9]*)?|unix:///[^\\s?#\\x00]{1,107})$"
    pattern_message = "write redis:// or rediss:// and a host, perhaps with user and password, a port and /database, or unix:// and the path of a socket"
    description     = "Where the server is: `redis://user:password@host:6379/0`, `rediss://` with TLS, or `unix:///path`."
  }
  input "username" {
    type        = string
    description = "The user of the server, in place of that of the url. Without it `default`."
  }
  input "password" {
    type        = string
    sensitive   = true
    description = "The password, in place of that of the url."
  }
  input "database" {
    type        = number
    min         = 0
    description = "The number of the database, in place of that of the url. Without it 0."
  }
  input "cluster" {
    type        = bool
    default     = false
    description = "Whether the server is a node of a cluster: each command goes to the node that has its key, and MOVED and ASK are followed. The nodes are asked for, and connected to when they are needed."
  }
  input "resp" {
    type        = number
    default     = 3
    min         = 2
    max         = 3
    description = "The version of the protocol. A server that does not know 3 is spoken to with 2."
  }
  input "client_name" {
    type            = string
    default         = "bggo"
    pattern         = "^[!-~]*$"
    pattern_message = "a client's name has no spaces and no special characters"
    description     = "How the server's CLIENT LIST calls the connection. With `\"\"` it has no name."
  }
  input "connect_timeout" {
    type        = duration
    default     = "5s"
    more_than   = "0s"
    description = "Time limit for connecting, TLS and the first commands included."
  }
  input "max_reply_size" {
    type        = size
    default     = "64MiB"
    min         = 1
    description = "The most bytes of a reply."
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

  rule {
    condition     = !input.cluster || input.database == null || input.database == 0
    error_message = "a cluster has the database 0 alone"
  }
  rule {
    condition     = input.resp == floor(input.resp)
    error_message = "resp is 2 or 3"
  }
  rule {
    when          = ["database"]
    condition     = input.database == floor(input.database)
    error_message = "database is a whole number"
  }
  rule {
    when          = ["username"]
    at_least_one  = ["password"]
    error_message = "a user needs a password: give password as well"
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
    condition     = startswith(input.url, "rediss:")
    error_message = "TLS is not spoken, so no certificate is looked at or shown: write rediss:// in the url"
    severity      = "warning"
  }

  output "server_version" {
    type        = string
    description = "The version that the server says it has; null if it says none."
  }

  metric "connections" {
    kind        = "counter"
    description = "Connections that were opened."
  }
  metric "connecting" {
    kind        = "trend"
    unit        = "time"
    description = "From the beginning of a dial until the server answers the first commands."
  }
  metric "tls_handshaking" {
    kind        = "trend"
    unit        = "time"
    description = "How long agreeing on TLS took."
  }
  metric "redirections" {
    kind        = "counter"
    description = "Commands that were sent once more, to the node of a cluster that another one had named."
  }
  metric "reconnects" {
    kind        = "counter"
    description = "Connections that replaced one that was lost or given up."
  }

  error "settings" {
    description = "The settings of the connection cannot be used."
  }
  error "auth" {
    description = "The server does not know this user or password, or asks for one."
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
    description = "The server closed the connection: it has too many, for instance."
  }
  error "server_error" {
    description = "The server refused one of the first commands."
  }
  error "protocol" {
    description = "What came is no reply of Redis."
  }
}
