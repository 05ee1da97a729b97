description = "Values that link a crate, of a runner and of an asset."

runner "send" {
  input "way" {
    type    = string
    default = "own"
    one_of  = ["own", "other"]

    link "other" {
      crate = "other"
      path  = "other"
    }
  }
}

asset "line" {
  input "way" {
    type   = string
    one_of = ["own", "other"]

    link "other" {
      crate = "other"
      path  = "other"
    }
  }
}
