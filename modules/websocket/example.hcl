# A chat: joins it, waits for what it says, asks, and leaves. Run it against a server that echoes: bggo run example.hcl --server ws://127.0.0.1:8080
variable "server" {
  type        = string
  default     = ""
  description = "Where the chat is. Without it the steps are skipped."
}

resource "websocket" "chat" {
  arguments {
    url           = var.server
    compression   = true
    ping_interval = "20s"
  }
}

step "websocket_send" "join" {
  enabled = var.server != ""
  uses {
    socket = resource.websocket.chat
  }
  arguments {
    json = { type = "join", room = "tea" }
  }
}

step "websocket_receive" "joined" {
  enabled = var.server != ""
  uses {
    socket = resource.websocket.chat
  }
  arguments {
    timeout = "5s"
  }
  check "it joined the room" {
    condition = output.json.room == "tea"
  }
  depends_on = [step.websocket_send.join]
}

step "websocket_request" "ask" {
  enabled = var.server != ""
  uses {
    socket = resource.websocket.chat
  }
  arguments {
    text = "who is there?"
  }
  depends_on = [step.websocket_receive.joined]
}

step "websocket_ping" "alive" {
  enabled = var.server != ""
  uses {
    socket = resource.websocket.chat
  }
  depends_on = [step.websocket_request.ask]
}

step "websocket_close" "leave" {
  enabled = var.server != ""
  uses {
    socket = resource.websocket.chat
  }
  arguments {
    code   = 4000
    reason = "bye"
  }
  depends_on = [step.websocket_ping.alive]
}
