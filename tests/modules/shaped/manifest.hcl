description = "Says what a runner knows of its inputs, for tests of what is known in part."

runner "shaped" {
  description = "Says what it knew of its inputs before it ran, and what came with the run."

  input "command" {
    type       = list(any)
    required   = true
    shape      = true
    min_length = 1
    max_length = 100
  }
  input "document" {
    type  = any
    shape = true
  }
  input "record" {
    type = object({
      id    = number
      name  = optional(string, "nobody")
      tags  = optional(list(string))
      place = optional(object({ x = number, y = optional(number, 7) }))
    })
    shape = true
  }
  input "labels" {
    type    = map(string)
    default = { by = "default" }
    shape   = true
  }
  output "command" { type = any }
  error "told" { description = "A label `fail` told it to." }
}
