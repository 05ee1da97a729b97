description = "Links a crate for a value, for tests of links."

runner "choice" {
  description = "Says by which crate a word was made."

  input "way" {
    type        = string
    default     = "plain"
    one_of      = ["plain", "loud", "fast"]
    description = "How the word is made."

    link "fast" {
      crate = "bggo-choice-fast"
      path  = "fast"
    }
  }
  input "word" {
    type        = string
    required    = true
    description = "The word."
  }
  output "made" { type = string }
}

asset "maker" {
  description = "Makes the word when it is created."

  input "way" {
    type    = string
    default = "fast"
    one_of  = ["plain", "fast"]

    link "fast" {
      crate = "bggo-choice-fast"
      path  = "fast"
    }
  }
  input "word" {
    type     = string
    required = true
  }
  output "made" { type = string }
}
