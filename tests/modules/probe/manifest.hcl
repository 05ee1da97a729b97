description = "An asset that says when it is created and destroyed, for tests of lifetimes."

asset "probe" {
  description = "Says when it is created and destroyed."
  scope       = "vu"
  scopes      = ["run", "worker"]

  uses "base" {
    asset       = "probe"
    optional    = true
    description = "Another one that it stands on."
  }
  input "name" {
    type     = string
    required = true
  }
  input "create_delay" {
    type    = duration
    default = "0s"
  }
  input "destroy_delay" {
    type    = duration
    default = "0s"
  }
  input "fail" {
    type    = bool
    default = false
  }
  output "name" { type = string }
  error "broken" { description = "It was asked to fail." }
}

asset "feed" {
  description = "Takes texts, which a task of its own sends."
  scope       = "worker"
  scopes      = ["run", "vu"]

  uses "base" {
    asset    = ["probe", "feed"]
    optional = true
  }
  input "name" {
    type    = string
    default = "default"
  }
  input "panic" {
    type    = bool
    default = false
  }
}

runner "offer" {
  description = "Gives a text to a feed, or says it to a probe."

  uses "to" { asset = ["feed", "probe"] }
  input "text" {
    type     = string
    required = true
  }
}

runner "touch" {
  description = "Uses a probe for a while, and fails if it is told to."

  uses "probe" {
    asset    = "probe"
    optional = true
  }
  input "delay" {
    type    = duration
    default = "0s"
  }
  input "fail" {
    type    = bool
    default = false
  }
  input "label" { type = string }
  output "label" { type = string }
  error "told" { description = "It was told to fail." }
}

runner "content" {
  description = "Says what it was given as bytes and as a size."

  input "payload" {
    type     = bytes
    required = true
  }
  input "more" { type = bytes }
  input "limit" {
    type    = size
    default = "1KiB"
  }
  output "raw" { type = bytes }
}
