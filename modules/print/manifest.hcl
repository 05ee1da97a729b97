description = "Writes to standard output."

runner "print" {
  description = "Writes its input to standard output, one line: a string as it is, any other value as JSON or HCL."

  input "input" {
    type        = any
    required    = true
    nullable    = true
    shown       = true
    description = "What is written."
  }
  input "format" {
    type        = string
    default     = "json"
    one_of      = ["json", "hcl"]
    description = "How a value that is no string is written."
  }
  error "output" {
    description = "Standard output could not be written to."
  }
}
