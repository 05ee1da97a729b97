description = "Names every crate that stands beside the runtime."

runner "framed" {
  description = "Says how many bytes a request's head has in HTTP/1 and in HTTP/2, and 1 if wire sends small packets at once."

  input "path" {
    type     = string
    required = true
  }
  output "parts" { type = list(number) }
  error "head" { description = "The path makes no head of HTTP/1." }
}
