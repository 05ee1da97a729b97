description = "An HTTP server inside the run, to try load tests on."

asset "http_target" {
  description = "An HTTP server on a loopback port, with endpoints like those of httpbin."
  scope       = "run"
  scopes      = ["run"]

  input "listen" {
    type        = string
    default     = "127.0.0.1:0"
    description = "Address and port to listen on. Port 0 means any free port."
  }

  output "url" {
    type        = string
    description = "The URL of the server, such as http://127.0.0.1:PORT, without a slash at the end."
  }
  output "address" {
    type        = string
    description = "Address and port of the server."
  }
  output "port" {
    type        = number
    description = "The port of the server."
  }

  error "listen" {
    description = "The address is malformed, in use, or not an address of this host."
  }
}
