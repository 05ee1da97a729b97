// grpc-go in a loop: so many users with a connection and a stream each, who send a message and wait for the answer, until the time is
// over. Usage: grpc_loop HOST:PORT USERS SECONDS; prints how many answers came.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func main() {
	target := os.Args[1]
	users, err := strconv.Atoi(os.Args[2])
	check(err)
	seconds, err := strconv.Atoi(os.Args[3])
	check(err)
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	done := make([]int, users)
	var wait sync.WaitGroup
	for user := range users {
		wait.Go(func() { done[user] = talk(target, end) })
	}
	wait.Wait()
	sum := 0
	for _, count := range done {
		sum += count
	}
	fmt.Println(sum)
}

// A text of 69 bytes is as long as the message of the other clients, and stands in the same field.
func talk(target string, end time.Time) int {
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(err)
	defer connection.Close()
	description := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	stream, err := connection.NewStream(context.Background(), description, "/shop.Shop/Talk")
	check(err)
	message := wrapperspb.String(strings.Repeat("n", 69))
	answer := &wrapperspb.StringValue{}
	done := 0
	for time.Now().Before(end) {
		check(stream.SendMsg(message))
		check(stream.RecvMsg(answer))
		done++
	}
	check(stream.CloseSend())
	return done
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
