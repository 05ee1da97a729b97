# The files of a server's services, by reflection: what `bggo grpc describe` runs. Each line that it prints is the word `file` and
# a file in Base64.
variable "server" { type = string }
variable "tls" {
  type    = bool
  default = false
}
variable "authority" {
  type    = string
  default = null
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
variable "insecure_skip_verify" {
  type    = bool
  default = false
}

resource "grpc_client" "server" {
  arguments {
    target                   = var.server
    proto                    = ["reflection_v1.proto", "reflection_v1alpha.proto"]
    tls                      = var.tls
    authority                = var.authority
    ca_file                  = var.ca_file
    client_cert_file         = var.client_cert_file
    client_key_file          = var.client_key_file
    insecure_skip_verify     = var.insecure_skip_verify
    max_receive_message_size = "64MiB"
    timeout                  = "60s"
  }
}

step "grpc_request" "services" {
  uses { client = resource.grpc_client.server }
  arguments {
    method        = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
    messages      = [{ list_services = "*" }]
    expect_status = ["OK", "UNIMPLEMENTED"]
  }
}

step "grpc_request" "files" {
  enabled = step.grpc_request.services.output.status == "OK"
  uses { client = resource.grpc_client.server }
  arguments {
    method = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
    messages = [
      for one in try(step.grpc_request.services.output.messages[0].list_services_response.service, []) :
      { file_containing_symbol = one.name }
    ]
  }
}

step "print" "files" {
  enabled = step.grpc_request.services.output.status == "OK"
  arguments {
    input = join("\n", flatten([
      for one in step.grpc_request.files.output.messages :
      [for file in try(one.file_descriptor_response.file_descriptor_proto, []) : "file ${base64encode(file)}"]
    ]))
  }
}

# Older servers know it by this name only.
step "grpc_request" "services_v1alpha" {
  enabled = step.grpc_request.services.output.status != "OK"
  uses { client = resource.grpc_client.server }
  arguments {
    method   = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    messages = [{ list_services = "*" }]
  }
}

step "grpc_request" "files_v1alpha" {
  enabled = step.grpc_request.services.output.status != "OK"
  uses { client = resource.grpc_client.server }
  arguments {
    method = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    messages = [
      for one in try(step.grpc_request.services_v1alpha.output.messages[0].list_services_response.service, []) :
      { file_containing_symbol = one.name }
    ]
  }
}

step "print" "files_v1alpha" {
  enabled = step.grpc_request.services.output.status != "OK"
  arguments {
    input = join("\n", flatten([
      for one in step.grpc_request.files_v1alpha.output.messages :
      [for file in try(one.file_descriptor_response.file_descriptor_proto, []) : "file ${base64encode(file)}"]
    ]))
  }
}
