description = "Commands of this host."

runner "cmd" {
  description     = "Runs a command on this host and waits for its end."
  meant_for_setup = "a step starts a process, which takes far longer than a request"

  input "command" {
    type        = list(string)
    required    = true
    min_length  = 1
    description = "The program and its arguments, each as it is: no shell reads them. A name without a slash is looked for in PATH."
  }
  input "shell" {
    type        = bool
    default     = false
    description = "Whether the first item of command is a script for /bin/sh. The others are its arguments $1, $2 and so on."
  }
  input "env" {
    type                = map(string)
    default             = {}
    key_pattern         = "^[^=\\x00]+$"
    key_pattern_message = "the name of an environment variable is not empty and has no equals sign"
    description         = "Environment variables for the command, beside those of the program."
  }
  input "working_dir" {
    type        = string
    min_length  = 1
    description = "The folder in which the command runs. Without it that of the program."
  }
  input "stdin" {
    type        = bytes
    description = "What the command reads from standard input. Without it that is empty."
  }
  input "timeout" {
    type        = duration
    default     = "30s"
    more_than   = "0s"
    description = "Time limit of the command, from its start until it has ended and its output is closed."
  }
  input "grace" {
    type        = duration
    default     = "5s"
    max         = "20s"
    description = "How long a command that has to end may go on after SIGTERM. Then it gets SIGKILL."
  }
  input "max_output" {
    type        = size
    default     = "1MiB"
    max         = "1GiB"
    description = "The most bytes that are kept of standard output, and the most of standard error. The rest is read and dropped."
  }
  input "expected_exit_codes" {
    type        = list(number)
    default     = [0]
    min_length  = 1
    description = "Exit codes with which the step passes. A command that a signal ended has 128 and the number of the signal, as in a shell."
  }

  rule {
    condition     = input.command[0] != ""
    error_message = "the first item of command is empty: it names a program, or is a script with shell = true"
  }
  rule {
    condition     = length([for code in input.expected_exit_codes : code if code < 0 || code > 255 || floor(code) != code]) == 0
    error_message = "an exit code is a whole number from 0 to 255"
  }

  output "stdout" {
    type        = string
    description = "Standard output, as it is: also the line break at its end. What is no UTF-8 becomes U+FFFD."
  }
  output "stderr" {
    type        = string
    description = "Standard error, likewise."
  }
  output "exit_code" {
    type        = number
    description = "The exit code. Of a command that a signal ended it is 128 and the number of the signal."
  }
  output "signal" {
    type        = string
    description = "The signal that ended the command, such as \"SIGKILL\". Null if it ended by itself."
  }
  output "truncated" {
    type        = bool
    description = "Whether standard output or standard error had more than max_output."
  }

  error "not_found" {
    description = "There is no such program."
  }
  error "spawn" {
    description = "The command could not be started: it is no program, it may not be run, there is no such working_dir, or the host has no room for another process."
  }
  error "timeout" {
    description = "The command took longer than its time limit. All of its processes are gone."
  }
  error "exit_code" {
    description = "The command ended with an exit code that is not expected."
  }
  error "signal" {
    description = "A signal ended the command, and its exit code is not expected."
  }
}
