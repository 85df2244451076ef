// Command caller is one of the callers of the soak of keys, over gRPC's own library for Go: see language_caller.h.
// This library repeats nothing unless its environment has GRPC_GO_RETRY=on (versions before 1.40, such as Debian 12's).
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"time"

	"github.com/golang/protobuf/proto"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	pb "github.com/enos-flow-gateway/enos-flow-gateway/client/go/enos/dataflow/v1"
)

var stubs = map[string]pb.FlowServiceClient{}

func stub(address string) pb.FlowServiceClient {
	if stubs[address] == nil {
		channel, err := grpc.Dial(address, grpc.WithInsecure(), grpc.WithDefaultServiceConfig(os.Getenv("SERVICE_CONFIG")))
		if err != nil {
			panic(err)
		}
		stubs[address] = pb.NewFlowServiceClient(channel)
	}
	return stubs[address]
}

func call(address string, timeout time.Duration, request *pb.UpdateAndTriggerFlowRequest) (uint32, proto.Message) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	response, err := stub(address).UpdateAndTriggerFlow(ctx, request)
	if err == nil {
		return 0, response
	}
	return uint32(status.Code(err)), status.Convert(err).Proto()
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var address, text string
		var milliseconds int
		fmt.Sscan(lines.Text(), &address, &milliseconds, &text)
		bytes, _ := base64.StdEncoding.DecodeString(text)
		var request pb.UpdateAndTriggerFlowRequest
		if err := proto.Unmarshal(bytes, &request); err != nil {
			panic(err)
		}
		code, told := call(address, time.Duration(milliseconds)*time.Millisecond, &request)
		bytes, _ = proto.Marshal(told)
		fmt.Println(code, base64.StdEncoding.EncodeToString(bytes))
	}
}
