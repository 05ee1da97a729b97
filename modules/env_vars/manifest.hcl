description = "The environment of the program."

runner "env_vars" {
  description = "Reads environment variables, and fails when a required one is not set."

  input "include" {
    type        = list(string)
    default     = []
    description = "Names to read; those that are not set are left out."
  }
  input "required" {
    type        = list(string)
    default     = []
    description = "Names to read that must be set."
  }
  input "defaults" {
    type        = map(string)
    default     = {}
    description = "Names to read, with the value of those that are not set."
  }
  input "prefix" {
    type        = string
    default     = ""
    description = "Where no name is given: all names that begin so."
  }
  input "strip_prefix" {
    type        = bool
    default     = false
    description = "Leave the prefix out of the names in the outputs."
  }
  output "vars" {
    type        = map(string)
    description = "What was asked for."
  }
  output "all" {
    type        = map(string)
    description = "The whole environment."
  }
  error "missing" {
    description = "A required variable is not set."
  }
}
