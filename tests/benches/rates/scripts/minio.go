// minio-go in a loop: so many users that GET or PUT an object of 1 KiB, one after the other, until the time is over.
// Usage: minio_loop get|put HOST:PORT USERS SECONDS; prints how many it did.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const size = 1024

func main() {
	method, host := os.Args[1], os.Args[2]
	users, err := strconv.Atoi(os.Args[3])
	check(err)
	seconds, err := strconv.Atoi(os.Args[4])
	check(err)
	transport, err := minio.DefaultTransport(false)
	check(err)
	transport.MaxIdleConnsPerHost = users
	client, err := minio.New(host, &minio.Options{
		Creds:     credentials.NewStaticV4("testkey", "testsecret", ""),
		Region:    "eu-west-1",
		Transport: transport,
	})
	check(err)
	do := get
	if method == "put" {
		do = put
	}
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	done := make([]int, users)
	var wait sync.WaitGroup
	for user := range users {
		wait.Go(func() {
			for time.Now().Before(end) {
				check(do(client))
				done[user]++
			}
		})
	}
	wait.Wait()
	sum := 0
	for _, count := range done {
		sum += count
	}
	fmt.Println(sum)
}

func get(client *minio.Client) error {
	object, err := client.GetObject(context.Background(), "bench", "object", minio.GetObjectOptions{})
	if err != nil {
		return err
	}
	defer object.Close()
	count, err := io.Copy(io.Discard, object)
	if err == nil && count != size {
		err = fmt.Errorf("%d bytes", count)
	}
	return err
}

var content = bytes.Repeat([]byte{'x'}, size)

func put(client *minio.Client) error {
	options := minio.PutObjectOptions{}
	_, err := client.PutObject(context.Background(), "bench", "object", bytes.NewReader(content), size, options)
	return err
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
