description = "The environment of the program."

runner "env_vars" {
  description       = "Reads environment variables, and fails if a required one is not set."
  no_effect_without = ["required"]

  input "include" {
    type        = list(string)
    default     = []
    description = "Names to read. Variables that are not set are left out."
  }
  input "required" {
    type        = list(string)
    default     = []
    description = "Names to read. The step fails if one of them is not set."
  }
  input "defaults" {
    type        = map(string)
    default     = {}
    description = "Names to read, each with the value that it gets if it is not set."
  }
  input "prefix" {
    type        = string
    default     = ""
    description = "Read all names that begin with this; only if no name is given."
  }
  input "strip_prefix" {
    type        = bool
    default     = false
    description = "Whether the names in the outputs lose the prefix."
  }
  output "vars" {
    type        = map(string)
    description = "The variables that were asked for, by name."
  }
  output "all" {
    type        = map(string)
    description = "The whole environment."
  }
  error "missing" {
    description = "A required variable is not set and has no default."
  }
}
