"""A gRPC server for the tests, by grpcio: it answers calls of every kind, and says at its end what it saw.

It takes a folder of packages and a JSON object of options. It prints its port, serves until its standard input ends, and then prints
what it saw as JSON. Messages are read and written by hand, since there are only two kinds of field: a text (1) and a number (2).
"""

import json
import os
import sys
import threading
import time
from concurrent import futures

sys.path.insert(0, sys.argv[1])
import grpc  # noqa: E402


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def read(message):
    """The text and the number of a message."""
    text, number, at = "", 0, 0

    def next_varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = next_varint()
        if tag & 7 == 2:
            size = next_varint()
            if tag >> 3 == 1:
                text = message[at : at + size].decode()
            at += size
        else:
            number = next_varint()
    return text, number


def write(text, number=0):
    data = text.encode()
    return b"\x0a" + varint(len(data)) + data + (b"\x10" + varint(number) if number else b"")


class Seen:
    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {"calls": 0, "messages": 0, "cancelled": 0, "deadlines": 0, "tokens": 0}
        self.peers = set()
        self.open = 0

    def add(self, name, count=1):
        with self.lock:
            self.counts[name] += count


SEEN = Seen()


def begins(context):
    SEEN.add("calls")
    with SEEN.lock:
        SEEN.peers.add(context.peer())
        SEEN.open += 1
    # Without a deadline it is hundreds of years.
    left = context.time_remaining()
    if left is not None and left < 1_000_000:
        SEEN.add("deadlines")
    if dict(context.invocation_metadata()).get("x-token") == "secret":
        SEEN.add("tokens")

    def ended():
        if not getattr(context, "is_answered", False):
            SEEN.add("cancelled")
        with SEEN.lock:
            SEEN.open -= 1

    context.add_callback(ended)


def ends(context):
    context.is_answered = True


def unary(request, context):
    begins(context)
    SEEN.add("messages")
    text, number = read(request)
    while text == "hang" and context.is_active():
        time.sleep(0.01)
    if text == "fail":
        ends(context)
        context.set_trailing_metadata((("x-why", "asked"),))
        code = next(code for code in grpc.StatusCode if code.value[0] == number)
        context.abort(code, "asked to fail: 100% \u00fc")
    context.send_initial_metadata((("x-first", "1"),))
    context.set_trailing_metadata((("x-last", "2"), ("x-bytes-bin", b"\x00\x01\xff")))
    ends(context)
    return write(text.upper(), number + 1)


def collect(requests, context):
    begins(context)
    texts = []
    for request in requests:
        SEEN.add("messages")
        texts.append(read(request)[0])
    ends(context)
    return write(",".join(texts), len(texts))


def listing(request, context):
    begins(context)
    SEEN.add("messages")
    text, number = read(request)
    for at in range(number):
        yield write(f"{text}{at}", at)
    ends(context)


def talk(requests, context):
    begins(context)
    for request in requests:
        SEEN.add("messages")
        text, number = read(request)
        if text == "end":
            break
        yield write(text + "!", number)
    # A call that was cancelled may end like one whose messages are over.
    if context.is_active():
        ends(context)


class Shop(grpc.GenericRpcHandler):
    def service(self, details):
        return {
            "/shop.Shop/Unary": grpc.unary_unary_rpc_method_handler(unary),
            "/shop.Shop/Collect": grpc.stream_unary_rpc_method_handler(collect),
            "/shop.Shop/List": grpc.unary_stream_rpc_method_handler(listing),
            "/shop.Shop/Talk": grpc.stream_stream_rpc_method_handler(talk),
        }.get(details.method)


def reflects(server):
    """Lets the server say of its services what shop.proto of the module says."""
    from google.protobuf import descriptor_pb2, descriptor_pool
    from grpc_reflection.v1alpha import reflection

    file = descriptor_pb2.FileDescriptorProto(name="shop.proto", package="shop", syntax="proto3")
    for message, text in (("Ask", "name"), ("Answer", "text")):
        of = file.message_type.add(name=message)
        of.field.add(name=text, number=1, label=1, type=9)
        of.field.add(name="count" if message == "Ask" else "number", number=2, label=1, type=5)
    service = file.service.add(name="Shop")
    for method, asks, answers in (("Unary", False, False), ("Collect", True, False), ("List", False, True), ("Talk", True, True)):
        service.method.add(
            name=method,
            input_type=".shop.Ask",
            output_type=".shop.Answer",
            client_streaming=asks,
            server_streaming=answers,
        )
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
    reflection.enable_server_reflection(("shop.Shop", reflection.SERVICE_NAME), server)


def main():
    options = json.loads(sys.argv[2])
    compression = grpc.Compression.Gzip if options.get("gzip") else None
    server = grpc.server(futures.ThreadPoolExecutor(16), handlers=(Shop(),), compression=compression)
    address = f"127.0.0.1:{options['port']}"
    if "cert" in options:
        files = {name: open(options[name], "rb").read() for name in ("cert", "key", "ca") if name in options}
        credentials = grpc.ssl_server_credentials(
            [(files["key"], files["cert"])],
            root_certificates=files.get("ca"),
            require_client_auth="ca" in files,
        )
        server.add_secure_port(address, credentials)
    else:
        server.add_insecure_port(address)
    if options.get("reflection"):
        reflects(server)
    server.start()
    print("ready", flush=True)
    sys.stdin.read()
    # What the clients did last may not be heard yet.
    until = time.monotonic() + 5
    while SEEN.open > 0 and time.monotonic() < until:
        time.sleep(0.01)
    server.stop(0).wait()
    print(json.dumps({**SEEN.counts, "connections": len(SEEN.peers)}, separators=(",", ":")), flush=True)
    # Calls that hang keep nobody waiting.
    os._exit(0)


main()
