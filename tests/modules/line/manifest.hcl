description = "A line that serves one step after the other, for tests of what is opened and closed on it."

asset "line" {
  description = "Carries words."
  scope       = "vu"
  scopes      = ["worker"]
  concurrency = "exclusive"

  metric "left_open" {
    kind        = "counter"
    description = "Transactions that were open when their iteration ended."
  }
}

asset "lines" {
  description = "Any number of them."
}

runner "line_open" {
  description = "Begins a transaction."
  opens       = "transaction"

  uses "line" { asset = ["line", "lines"] }
}

runner "line_close" {
  description = "Ends it."
  closes      = "transaction"

  uses "line" { asset = ["line", "lines"] }
}

runner "line_use" {
  description = "Says a word."

  uses "line" { asset = ["line", "lines"] }
  input "word" { type = string }
  output "word" { type = string }
}

runner "line_wait" {
  description = "Says a command, and waits where it is one that waits."
  blocks      = contains(["WAIT", "HOLD"], upper(input.command[0]))

  uses "line" { asset = ["line", "lines"] }
  input "command" {
    type       = list(any)
    required   = true
    shape      = true
    min_length = 1
  }
}
