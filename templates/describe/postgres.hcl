# What statements take and give: what `bggo postgres describe` runs. It prints one line: the word `described` and a list in JSON.
variable "server" { type = string }
variable "password" {
  type      = string
  default   = null
  sensitive = true
}
variable "ca_file" {
  type    = string
  default = null
}
variable "client_cert_file" {
  type    = string
  default = null
}
variable "client_key_file" {
  type    = string
  default = null
}
variable "statements" { type = list(string) }

resource "postgres_connection" "server" {
  arguments {
    url              = var.server
    password         = var.password
    ca_file          = var.ca_file
    client_cert_file = var.client_cert_file
    client_key_file  = var.client_key_file
    application_name = "bggo postgres describe"
  }
}

step "postgres_describe" "statements" {
  uses { connection = resource.postgres_connection.server }
  arguments {
    statements = var.statements
    timeout    = "60s"
  }
}

step "print" "statements" {
  arguments {
    input = "described ${jsonencode(step.postgres_describe.statements.output.statements)}"
  }
}
