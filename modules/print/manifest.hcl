description = "Writes to standard output."

runner "print" {
  description = "Writes one line to standard output: a string as it is, any other value as JSON or HCL."

  input "input" {
    type        = any
    required    = true
    nullable    = true
    shown       = true
    description = "The value to write."
  }
  input "format" {
    type        = string
    default     = "json"
    one_of      = ["json", "hcl"]
    description = "The form of a value that is no string."
  }
  error "output" {
    description = "The line could not be written to standard output."
  }
}
