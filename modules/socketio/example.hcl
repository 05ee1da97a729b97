# A chat: enters it, waits for who is there, asks, and visits it once more in a single step. Run it against a server of socket.io that
# answers "echo" with the same event and acknowledges it: bggo run example.hcl --server http://127.0.0.1:3000
variable "server" {
  type        = string
  default     = ""
  description = "Where the chat is. Without it the steps are skipped."
}

resource "socketio_client" "chat" {
  arguments {
    url = var.server
  }
}

step "socketio_emit" "enter" {
  enabled = var.server != ""
  uses {
    client = resource.socketio_client.chat
  }
  arguments {
    event = "echo"
    args  = ["tea", { user = "ann" }]
    ack   = true
  }
  check "the server has heard it" {
    condition = output.ack[0] == "tea"
  }
}

step "socketio_request" "ask" {
  enabled = var.server != ""
  uses {
    client = resource.socketio_client.chat
  }
  arguments {
    emit_event = "echo"
    emit_data  = { text = "who is there?" }
    on_event   = "echo"
  }
  check "it is the question" {
    condition = output.response_data.text == "who is there?"
  }
  depends_on = [step.socketio_emit.enter]
}

step "socketio_emit" "call" {
  enabled = var.server != ""
  uses {
    client = resource.socketio_client.chat
  }
  arguments {
    event = "echo"
    args  = ["hello"]
  }
  depends_on = [step.socketio_request.ask]
}

step "socketio_wait" "answer" {
  enabled = var.server != ""
  uses {
    client = resource.socketio_client.chat
  }
  arguments {
    event   = "echo"
    match   = output.data == "hello"
    timeout = "5s"
  }
  depends_on = [step.socketio_emit.call]
}

step "socketio" "visit" {
  enabled = var.server != ""
  arguments {
    url        = var.server
    emit_event = "echo"
    emit_data  = "only looking"
    on_event   = "echo"
    timeout    = "5s"
  }
  depends_on = [step.socketio_wait.answer]
}
