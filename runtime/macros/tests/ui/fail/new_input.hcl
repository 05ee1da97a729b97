description = "An input that the code does not know yet."

runner "say" {
  input "text" {
    type     = string
    required = true
  }
  input "loud" { type = bool }
}
