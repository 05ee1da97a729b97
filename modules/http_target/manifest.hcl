description = "An HTTP server inside the run, to try load tests on."

asset "http_target" {
  description = "An HTTP server with the endpoints that people know from httpbin, on a loopback port."
  scope       = "run"
  scopes      = ["run"]

  input "listen" {
    type        = string
    default     = "127.0.0.1:0"
    description = "Address and port to listen on; port 0 takes a free one."
  }

  output "url" {
    type        = string
    description = "Where it answers, as http://127.0.0.1:PORT without a slash at the end."
  }
  output "address" {
    type        = string
    description = "Address and port."
  }
  output "port" {
    type        = number
    description = "The port."
  }

  error "listen" {
    description = "The address is malformed, taken or not of this host."
  }
}
