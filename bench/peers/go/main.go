// Command gateway-go is the gateway's main job, written the straightforward way in Go: a gRPC
// server that passes UpdateAndTriggerFlow on to the EnOS REST API.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"google.golang.org/grpc"

	pb "github.com/enos-flow-gateway/enos-flow-gateway/client/go/enos/dataflow/v1"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	listen := flag.String("listen", "127.0.0.1:50051", "HOST:PORT to serve on")
	url := flag.String("enos_url", "", "address of EnOS's API gateway")
	caFile := flag.String("enos_ca_file", "", "CA certificates (PEM) to check EnOS against")
	timeout := flag.Duration("upstream_timeout", 30*time.Second, "longest that one call may take")
	flag.Parse()

	accessKey, secretKey := os.Getenv("ENOS_ACCESS_KEY"), os.Getenv("ENOS_SECRET_KEY")
	if *url == "" || accessKey == "" || secretKey == "" {
		return fmt.Errorf("--enos_url, ENOS_ACCESS_KEY and ENOS_SECRET_KEY are required")
	}
	httpClient, err := newHTTPClient(*caFile, *timeout)
	if err != nil {
		return err
	}

	tokens := newTokenSource(httpClient, *url, accessKey, secretKey)
	if err := tokens.start(context.Background()); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(1 << 20))
	pb.RegisterFlowServiceServer(server, &flowService{
		http: httpClient, url: *url, secretKey: secretKey, tokens: tokens,
	})
	log.Printf("listening on %s", listener.Addr())
	return server.Serve(listener)
}

// newHTTPClient makes a client that keeps as many connections to EnOS as calls were in flight. The
// default keeps two a host and would dial anew for nearly every call.
func newHTTPClient(caFile string, timeout time.Duration) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns = 0 // no limit
	transport.MaxIdleConnsPerHost = 10000
	transport.ForceAttemptHTTP2 = false // a lost connection shall take one call with it, not all
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", caFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	return &http.Client{
		Transport: transport,
		Timeout:   timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}, nil
}
