description = "Objects of S3 and of servers that speak its protocol: put, get, head, delete, list, multipart uploads, presigned URLs."

# What each runner counts that asks a server, and how it fails.
shared "requests" {
  metric "dns" {
    kind        = "trend"
    unit        = "time"
    description = "For each connection that was opened: until the name had an address; 0 where the thread knew it."
  }
  metric "connecting" {
    kind        = "trend"
    unit        = "time"
    description = "For each connection that was opened: from the address until it stood, proxies included."
  }
  metric "tls_handshake" {
    kind        = "trend"
    unit        = "time"
    description = "For each connection with TLS that was opened: from there until TLS was agreed on."
  }
  metric "waiting" {
    kind        = "trend"
    unit        = "time"
    description = "For each request: from its last byte to the first byte of its answer."
  }
  metric "receiving" {
    kind        = "trend"
    unit        = "time"
    description = "For each request: from the first byte of its answer to the end of its body."
  }
  metric "answers" {
    kind        = "counter"
    label       = "status"
    description = "Answers by status, also those that fail the step."
  }
  metric "sent" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of the bodies of requests, those that were sent again included."
  }
  metric "received" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of the bodies of answers."
  }
  metric "reused" {
    kind        = "rate"
    description = "Requests over a connection that had served before, of all that had a connection."
  }
  metric "resent" {
    kind        = "counter"
    description = "Requests that were sent again on a new connection: the server had closed an idle one, or said that it did not look at the request. What is read from a file is never sent again."
  }
  metric "requests" {
    kind        = "counter"
    description = "Requests that were sent, those that were sent again included."
  }
  metric "answered" {
    kind        = "counter"
    description = "Answers whose head came. It is `requests` without `cut`."
  }
  metric "cut" {
    kind        = "counter"
    description = "Requests without an answer: their connection broke, or their time or that of the run was over."
  }
  error "request" {
    description = "The request cannot be made: a bucket, key or URL is malformed, or a file cannot be read."
  }
  error "dns" {
    description = "The host name has no address."
  }
  error "connect" {
    description = "No connection: it took longer than connect_timeout, or the proxy refused."
  }
  error "refused" {
    description = "No connection: nobody listens there."
  }
  error "unreachable" {
    description = "No connection: there is no way to the host."
  }
  error "local" {
    description = "No connection: this host has no more file descriptors or ports. That says nothing of the server."
  }
  error "tls" {
    description = "No TLS connection: the certificate is not trusted or not for this host, or there is no common TLS version."
  }
  error "timeout" {
    description = "A request took longer than the time limit of the client."
  }
  error "reset" {
    description = "The server broke the connection off before its answer."
  }
  error "closed" {
    description = "The server closed the connection before its answer."
  }
  error "protocol" {
    description = "The answer is no valid HTTP, or its XML is not what S3 says."
  }
  error "body" {
    description = "The body of the answer ended early, or is larger than the client keeps."
  }
  error "access_denied" {
    description = "The credentials may not do that, or are not known."
  }
  error "signature" {
    description = "The signature is not right: a wrong secret, a wrong region, or a clock that differs too much."
  }
  error "no_such_key" {
    description = "There is no such object."
  }
  error "no_such_bucket" {
    description = "There is no such bucket."
  }
  error "slow_down" {
    description = "The server asks for fewer requests."
  }
  error "other_s3_error" {
    description = "Any other error that S3 answers with."
  }
}

# A request to a bucket.
shared "bucket" {
  uses "client" {
    asset       = "s3_client"
    description = "Where the bucket is, and the credentials."
  }
  input "bucket" {
    type            = string
    required        = true
    pattern         = "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
    pattern_message = "a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens, with a letter or digit at each end"
    description     = "The bucket."
  }
}

# Which object of the bucket.
shared "object" {
  input "key" {
    type        = string
    required    = true
    min_length  = 1
    max_length  = 1024
    description = "The object's key: any text of at most 1024 bytes, as it is."
  }
}

# What is kept with an object that is written.
shared "kept_with_it" {
  input "content_type" {
    type            = string
    pattern         = "^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$"
    pattern_message = "a header holds no line break and no other control character"
    description     = "The object's Content-Type."
  }
  input "metadata" {
    type                = map(string)
    key_pattern         = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
    key_pattern_message = "a name of metadata has letters, digits and !#$%&'*+-.^_`|~"
    pattern             = "^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$"
    pattern_message     = "a header holds no line break and no other control character"
    description         = "Metadata of your own, kept with the object. Each goes out as a header `x-amz-meta-NAME`, its name in lower case."
  }
}

asset "s3_client" {
  description = "Where buckets are, and the credentials that sign requests."
  scope       = "vu"
  scopes      = ["worker", "vu", "iteration"]

  uses "client" {
    module      = "http_request"
    asset       = "http_client"
    optional    = true
    description = "The client over whose connections requests go, with its proxy, TLS and time limit. Without it: a default client, which each virtual user has."
  }

  input "endpoint" {
    type            = string
    pattern         = "^\\s*(?i:https?)://(?:\\[[^\\]/?#\\\\@]*\\]|[^\\s/?#:@\\[\\]\\\\<>^|]+)(?::[0-9]{1,5})?/?\\s*$"
    pattern_message = "write http:// or https://, a host and perhaps a port, as http://127.0.0.1:9000"
    description     = "URL of the server. Without it: that of AWS for the region."
  }
  input "region" {
    type            = string
    required        = true
    pattern         = "^[a-zA-Z0-9-]{1,64}$"
    pattern_message = "write a region as eu-west-1"
    description     = "The region that signatures name."
  }
  input "access_key_id" {
    type        = string
    required    = true
    min_length  = 1
    description = "The access key."
  }
  input "secret_access_key" {
    type        = string
    required    = true
    min_length  = 1
    sensitive   = true
    description = "Its secret."
  }
  input "session_token" {
    type        = string
    min_length  = 1
    sensitive   = true
    description = "The token that belongs to temporary credentials."
  }
  input "url_style" {
    type        = string
    one_of      = ["path", "virtual_host"]
    description = "Where the bucket stands: \"path\" puts it before the key, \"virtual_host\" before the host. Without it: \"path\" with an endpoint, \"virtual_host\" at AWS."
  }
  input "payload_signing" {
    type        = string
    default     = "unsigned"
    one_of      = ["unsigned", "signed"]
    description = "\"signed\" puts the SHA-256 of each body into the signature; a file is then read twice. \"unsigned\" costs less."
  }

  metric "aborted" {
    kind        = "counter"
    description = "Multipart uploads that were not completed and were aborted, so that their parts take no room."
  }

  error "request" {
    description = "The endpoint is no URL of a server, or a credential is empty."
  }
}

runner "s3_put_object" {
  description = "Writes one object, from a text or from a file."
  shares      = ["requests", "bucket", "object", "kept_with_it"]

  input "body" {
    type        = bytes
    description = "The content; of a text its UTF-8. Exactly one of body and source_path is given."
  }
  input "source_path" {
    type        = string
    description = "Path of a file with the content, streamed from disk. It is relative to the working directory of the program."
  }

  rule {
    conflicts     = ["body", "source_path"]
    error_message = "an object has one content: at most one of body and source_path may be given"
  }
  rule {
    at_least_one  = ["body", "source_path"]
    error_message = "an object needs a content: body or source_path"
  }

  output "status_code" {
    type        = number
    description = "The status code."
  }
  output "etag" {
    type        = string
    description = "The ETag, in its quotes."
  }
  output "version_id" {
    type        = string
    description = "The object's version; null if the bucket keeps none."
  }
  output "size" {
    type        = number
    description = "Bytes of the object."
  }
}

runner "s3_get_object" {
  description = "Reads one object."
  shares      = ["requests", "bucket", "object"]

  input "version_id" {
    type        = string
    min_length  = 1
    description = "A version of the object. Without it: the newest."
  }
  input "range" {
    type            = string
    pattern         = "^bytes=(?:[0-9]+-[0-9]*|-[0-9]+)$"
    pattern_message = "write a range as \"bytes=0-99\", \"bytes=100-\" or \"bytes=-100\""
    description     = "A part of the object."
  }

  output "status_code" {
    type        = number
    description = "The status code."
  }
  output "body" {
    type        = string
    description = "The content as text (UTF-8). If nothing reads it, it is counted and dropped."
  }
  output "size" {
    type        = number
    description = "Bytes that came."
  }
  output "etag" {
    type        = string
    description = "The ETag, in its quotes."
  }
  output "version_id" {
    type        = string
    description = "The object's version; null if the bucket keeps none."
  }
  output "content_type" {
    type        = string
    description = "The Content-Type."
  }
  output "last_modified" {
    type        = string
    description = "The header Last-Modified."
  }
  output "metadata" {
    type        = map(string)
    description = "The metadata of its own: the headers `x-amz-meta-NAME` by NAME, in lower case."
  }
}

runner "s3_head_object" {
  description = "Asks what is known of an object, without its content."
  shares      = ["requests", "bucket", "object"]

  input "version_id" {
    type        = string
    min_length  = 1
    description = "A version of the object. Without it: the newest."
  }

  output "status_code" {
    type        = number
    description = "The status code."
  }
  output "size" {
    type        = number
    description = "Bytes of the object."
  }
  output "etag" {
    type        = string
    description = "The ETag, in its quotes."
  }
  output "version_id" {
    type        = string
    description = "The object's version; null if the bucket keeps none."
  }
  output "content_type" {
    type        = string
    description = "The Content-Type."
  }
  output "last_modified" {
    type        = string
    description = "The header Last-Modified."
  }
  output "metadata" {
    type        = map(string)
    description = "The metadata of its own: the headers `x-amz-meta-NAME` by NAME, in lower case."
  }
}

runner "s3_delete_object" {
  description = "Deletes one object. S3 says nothing if there is none."
  shares      = ["requests", "bucket", "object"]

  input "version_id" {
    type        = string
    min_length  = 1
    description = "A version of the object. Without it: the newest."
  }

  output "status_code" {
    type        = number
    description = "The status code."
  }
  output "version_id" {
    type        = string
    description = "The object's version; null if the bucket keeps none."
  }
  output "delete_marker" {
    type        = bool
    description = "Whether a mark was put in place of the object, or such a mark was deleted."
  }
}

runner "s3_list_objects" {
  description = "Lists the objects of a bucket, page after page."
  shares      = ["requests", "bucket"]

  input "prefix" {
    type        = string
    description = "Only keys that begin so."
  }
  input "delimiter" {
    type        = string
    min_length  = 1
    description = "Keys that have this text behind the prefix are left out; what stands before it is listed once in `prefixes`."
  }
  input "max_keys" {
    type        = number
    default     = 1000
    min         = 1
    max         = 1000
    description = "The most keys on a page."
  }
  input "max_pages" {
    type        = number
    min         = 1
    description = "The most pages that are asked for. Without it all are."
  }
  input "continuation_token" {
    type        = string
    min_length  = 1
    description = "Where to go on: `continuation_token` of a step that ended before the last page."
  }

  rule {
    condition     = input.max_keys == floor(input.max_keys)
    error_message = "max_keys is a whole number"
  }
  rule {
    when          = ["max_pages"]
    condition     = input.max_pages == floor(input.max_pages)
    error_message = "max_pages is a whole number"
  }

  output "objects" {
    type        = list(object({ key = string, size = number, etag = string, last_modified = string }))
    description = "The objects, in the order of the server."
  }
  output "prefixes" {
    type        = list(string)
    description = "What keys with the delimiter begin with."
  }
  output "count" {
    type        = number
    description = "How many objects there are."
  }
  output "pages" {
    type        = number
    description = "How many pages were asked for."
  }
  output "continuation_token" {
    type        = string
    description = "Where the next page begins; null after the last one."
  }
}

runner "s3_multipart_upload" {
  description = "Uploads a file in parts, several at a time. If it fails or is given up, its parts are deleted."
  shares      = ["requests", "bucket", "object", "kept_with_it"]

  input "source_path" {
    type        = string
    required    = true
    description = "Path of the file, streamed from disk. It is relative to the working directory of the program."
  }
  input "part_size" {
    type        = size
    default     = "8MiB"
    min         = "5MiB"
    max         = "5GiB"
    description = "Bytes of each part; the last one may have fewer. There are at most 10,000 parts."
  }
  input "concurrency" {
    type        = number
    default     = 4
    min         = 1
    max         = 1000
    description = "How many parts are on their way at the same time, each on a connection of its own."
  }

  rule {
    condition     = input.concurrency == floor(input.concurrency)
    error_message = "concurrency is a whole number"
  }

  output "etag" {
    type        = string
    description = "The ETag, in its quotes."
  }
  output "version_id" {
    type        = string
    description = "The object's version; null if the bucket keeps none."
  }
  output "size" {
    type        = number
    description = "Bytes of the object."
  }
  output "parts" {
    type        = number
    description = "How many parts it was sent in."
  }

  metric "part_time" {
    kind        = "trend"
    unit        = "time"
    description = "For each part: from its first byte to the end of its answer."
  }
}

runner "s3_presign" {
  description       = "Makes a URL with which whoever has it may read or write an object for some time. It asks no server."
  no_effect_without = []
  shares            = ["bucket", "object"]

  input "method" {
    type        = string
    default     = "GET"
    one_of      = ["GET", "PUT", "HEAD", "DELETE"]
    description = "What the URL is for."
  }
  input "expires" {
    type        = duration
    default     = "15m"
    min         = "1s"
    max         = "168h"
    description = "How long it is valid: at most seven days."
  }

  output "url" {
    type        = string
    sensitive   = true
    description = "The URL."
  }

  error "request" {
    description = "The bucket or the key is malformed."
  }
}

runner "s3" {
  description = "Uploads a file to a presigned URL. It needs no s3_client."
  shares      = ["requests"]

  uses "client" {
    module      = "http_request"
    asset       = "http_client"
    optional    = true
    description = "The client whose connections and settings the step uses. Without it the step uses a default client: each virtual user has one."
  }

  input "action" {
    type            = string
    required        = true
    pattern         = "^(?i:upload)$"
    pattern_message = "the only action is \"upload\""
    description     = "What to do: \"upload\", in any case."
  }
  input "source_path" {
    type        = string
    required    = true
    description = "Path of the file, streamed from disk. It is relative to the working directory of the program."
  }
  input "upload_url" {
    type            = string
    required        = true
    sensitive       = true
    pattern         = "^\\s*(?i:https?)://[^\\s/?#]+(?s:[/?#].*|\\s*)$"
    pattern_message = "write http:// or https:// and a host"
    description     = "A URL that was made for a PUT of the object. The file goes there as it is."
  }

  output "success" {
    type        = bool
    description = "Whether the file was uploaded: true, for the step fails otherwise."
  }
  output "status" {
    type        = string
    description = "The status with its words, as \"200 OK\"."
  }
}
