description = "Inputs that are known in part."

runner "send" {
  input "words" {
    type       = list(any)
    required   = true
    shape      = true
    min_length = 2
  }
  input "maybe" {
    type  = any
    shape = true
  }
  input "fields" {
    type    = map(any)
    default = { a = 1 }
    shape   = true
  }
  input "free" {
    type     = any
    nullable = true
    shape    = true
  }
  input "text" { type = string }

  rule { conflicts = ["maybe", "text"] }
}
