// SPDX-License-Identifier: Apache-2.0

// gogrpc is an ordinary gRPC program, which knows nothing of Kith: a server and
// client of gRPC's own health service.
//
//	gogrpc serve ADDRESS          answers until it is killed
//	gogrpc check ADDRESS [COUNT]  asks so many times over one connection
//	gogrpc watch ADDRESS          prints what the server streams until it has said
//	                              that it serves, and that it does not any more
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	pb "google.golang.org/grpc/health/grpc_health_v1"
)

const service = "kith.test"

// turn changes the service's state for ever, so that a stream has what to tell.
func turn(server *health.Server) {
	for {
		for _, state := range []pb.HealthCheckResponse_ServingStatus{
			pb.HealthCheckResponse_SERVING, pb.HealthCheckResponse_NOT_SERVING} {
			server.SetServingStatus(service, state)
			time.Sleep(100 * time.Millisecond)
		}
	}
}

func serve(address string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	state, server := health.NewServer(), grpc.NewServer()
	pb.RegisterHealthServer(server, state)
	go turn(state)
	log.Fatal(server.Serve(listener))
}

func check(client pb.HealthClient, count int) {
	for i := 0; i < count; i++ {
		answer, err := client.Check(context.Background(), &pb.HealthCheckRequest{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(answer.Status)
	}
}

func watch(client pb.HealthClient) {
	stream, err := client.Watch(context.Background(),
		&pb.HealthCheckRequest{Service: service})
	if err != nil {
		log.Fatal(err)
	}
	seen := map[pb.HealthCheckResponse_ServingStatus]bool{}
	for !seen[pb.HealthCheckResponse_SERVING] || !seen[pb.HealthCheckResponse_NOT_SERVING] {
		answer, err := stream.Recv()
		if err != nil {
			log.Fatal(err)
		}
		seen[answer.Status] = true
		fmt.Println(answer.Status)
	}
}

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: gogrpc serve ADDRESS | check ADDRESS [COUNT] | watch ADDRESS")
	}
	if os.Args[1] == "serve" {
		serve(os.Args[2])
	}
	conn, err := grpc.Dial(os.Args[2], grpc.WithInsecure(), grpc.FailOnNonTempDialError(true),
		grpc.WithBlock())
	if err != nil {
		log.Fatal(err)
	}
	client, count := pb.NewHealthClient(conn), 1
	if len(os.Args) > 3 {
		count, _ = strconv.Atoi(os.Args[3])
	}
	if os.Args[1] == "watch" {
		watch(client)
	} else {
		check(client, count)
	}
}
