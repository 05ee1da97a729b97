variable "url" {
  type = string
}

resource "socketio_client" "user" {
  arguments {
    url = var.url
  }
}

step "socketio_emit" "echo" {
  uses {
    client = resource.socketio_client.user
  }
  arguments {
    event = "echo"
    args  = [{ number = vu.iteration, text = "twenty bytes of text" }]
    ack   = true
  }
  check "the answer is read" {
    condition = output.ack[0].number == vu.iteration
  }
}
