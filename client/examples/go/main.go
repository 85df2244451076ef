// Command trigger_flow starts an EnOS flow through the gateway and prints the id of its instance.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"time"

	"github.com/golang/protobuf/ptypes"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	pb "github.com/enos-flow-gateway/enos-flow-gateway/client/go/enos/dataflow/v1"
)

// No retryPolicy: the call is not idempotent, so only this program may repeat it.
const serviceConfig = `{"loadBalancingConfig": [{"round_robin": {}}]}`

// parameters is a flag that may be repeated.
type parameters []*pb.FlowParameter

func (p *parameters) String() string { return "" }

func (p *parameters) Set(text string) error {
	parts := strings.SplitN(text, "=", 2)
	if len(parts) != 2 {
		return errors.New("expected KEY=VALUE")
	}
	*p = append(*p, &pb.FlowParameter{Key: parts[0], Value: parts[1]})
	return nil
}

func main() {
	rand.Seed(time.Now().UnixNano())
	address := flag.String("address", "127.0.0.1:50051", "the gateway, `HOST:PORT`")
	caFile := flag.String("ca_file", "", "TLS, trusting the CA certificates in this PEM `FILE`; without it: plaintext")
	userID := flag.String("user_id", "", "the EnOS user")
	orgID := flag.String("org_id", "", "the user's organization")
	flowID := flag.Int("flow_id", 0, "the flow to start")
	timeout := flag.Float64("timeout", 30, "`SECONDS` that everything may take, repetitions included")
	attempts := flag.Int("attempts", 4, "calls at most, the first one included")
	var params parameters
	flag.Var(&params, "param", "a parameter `KEY=VALUE` of the run; may be repeated")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}

	connection, err := connect(*address, *caFile)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(*timeout*float64(time.Second)))
	defer cancel()
	request := &pb.UpdateAndTriggerFlowRequest{
		UserId: *userID, OrgId: *orgID, FlowId: int32(*flowID),
		TriggerTime: ptypes.TimestampNow(), Parameters: params,
	}
	os.Exit(trigger(ctx, pb.NewFlowServiceClient(connection), request, *attempts))
}

func connect(address, caFile string) (*grpc.ClientConn, error) {
	security := grpc.WithInsecure()
	if caFile != "" {
		tls, err := credentials.NewClientTLSFromFile(caFile, "")
		if err != nil {
			return nil, fmt.Errorf("--ca_file: %w", err)
		}
		security = grpc.WithTransportCredentials(tls)
	}
	return grpc.Dial("dns:///"+address, security,
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDisableServiceConfig(), // from DNS, which could supply a retryPolicy
		grpc.WithDisableRetry())
}

// trigger calls until the flow is started or a further call would be wrong, and returns the exit status.
func trigger(ctx context.Context, client pb.FlowServiceClient, request *pb.UpdateAndTriggerFlowRequest, attempts int) int {
	for attempt := 1; ; attempt++ {
		response, err := client.UpdateAndTriggerFlow(ctx, request)
		if err == nil {
			fmt.Println(response.FlowInstanceId)
			return 0
		}
		failure := newFlowFailure(err)
		failure.print(os.Stderr)
		deadline, _ := ctx.Deadline()
		wait, again := failure.wait(attempt, time.Until(deadline))
		if !again || attempt >= attempts {
			return verdict(failure)
		}
		fmt.Fprintf(os.Stderr, "Calling again in %.3f s (attempt %d of %d).\n", wait.Seconds(), attempt+1, attempts)
		time.Sleep(wait)
	}
}

func verdict(failure *flowFailure) int {
	if failure.execution == notExecuted {
		fmt.Fprintln(os.Stderr, "The flow was certainly not started.")
		return 1
	}
	fmt.Fprintln(os.Stderr, "The flow may have been started: look in EnOS before calling again.")
	return 3
}
