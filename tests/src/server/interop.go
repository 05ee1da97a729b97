// The server of gRPC's interoperability tests, on a port that it is told. It says at the end what it saw.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/interop"
	testing "google.golang.org/grpc/interop/grpc_testing"
)

// Calls that began, and those of them that were given up before they ended: by the client, or since their deadline passed.
var calls, givenUp atomic.Int64

func ended(call context.Context) {
	if call.Err() != nil {
		givenUp.Add(1)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	unary := func(call context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		calls.Add(1)
		defer ended(call)
		return handle(call, request)
	}
	stream := func(server any, call grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
		calls.Add(1)
		defer ended(call.Context())
		return handle(server, call)
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(unary), grpc.StreamInterceptor(stream))
	testing.RegisterTestServiceServer(server, interop.NewTestServer())
	go server.Serve(listener)
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	server.GracefulStop()
	fmt.Printf("{\"calls\":%d,\"given_up\":%d}\n", calls.Load(), givenUp.Load())
}
