description = "Letters whose answers come after the steps that sent them, for tests of late results and of stamps."

asset "letter_box" {
  description = "Carries letters to whoever takes them."
  scope       = "worker"
  spawns      = true
}

runner "letter_send" {
  description = "Sends a letter."
  late_result = input.wait == false
  stamps      = input.stamp

  uses "box" { asset = "letter_box" }
  input "answer" {
    type    = string
    default = "taken"
    one_of  = ["taken", "refused", "none"]
  }
  input "after" {
    type    = duration
    default = "0s"
  }
  input "wait" {
    type    = bool
    default = false
  }
  input "stamp" {
    type = bool
    read = "build"
  }
  output "number" {
    type       = number
    comes_late = true
  }
  error "refused" { description = "Nobody wants it." }
}

runner "letter_take" {
  description  = "Takes the letter that came first."
  reads_stamps = true

  uses "box" { asset = "letter_box" }
  output "stamped" { type = bool }
  error "empty" { description = "There is none." }
}
