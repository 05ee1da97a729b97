description = "A runner and an asset whose rules have conditions, for tests of such rules."

asset "ground" {
  description = "Has a height, above that of what it stands on."
  scope       = "vu"
  scopes      = ["run", "worker"]

  uses "base" {
    asset    = "ground"
    optional = true
  }
  input "height" {
    type    = number
    default = 1
  }
  rule {
    condition     = uses.base.height == null || uses.base.height < input.height
    error_message = "a ground is higher than its base"
  }
  output "height" { type = number }
}

runner "pick" {
  description = "Picks the first item that fits."

  input "items" {
    type     = list(any)
    required = true
  }
  input "match" {
    type = bool
    form = "predicate"
  }
  output "item" { type = any }
  output "skipped" { type = number }

  error "none" { description = "No item fits." }
}

runner "say" {
  description = "Says a word."

  uses "ground" {
    asset    = "ground"
    optional = true
  }
  input "word" { type = string }
  input "pause" { type = duration }
  rule {
    when          = ["word"]
    condition     = length(input.word) <= 3
    error_message = "a word has at most 3 letters"
  }
  rule {
    condition     = !scenario.loaded || input.word != "one"
    error_message = "not this word under load"
  }
  rule {
    when          = ["pause"]
    condition     = step.time_limit == null || input.pause < step.time_limit
    error_message = "the pause is longer than the step"
  }
  rule {
    condition     = uses.ground.height < 5
    error_message = "nobody hears it from there"
  }
  output "word" { type = string }
}
