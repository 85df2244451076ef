package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/enos-flow-gateway/enos-flow-gateway/client/go/enos/dataflow/v1"
)

const (
	flowsPath      = "/dataflow-batch-service/v2.0/flows"
	maxAnswerBytes = 1 << 20
)

// flowService implements the RPC. It is safe for concurrent use.
type flowService struct {
	pb.UnimplementedFlowServiceServer
	http      *http.Client
	url       string // https://HOST, without a path
	secretKey string
	tokens    *tokenSource
}

type flowParameter struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// flowCall is the JSON body that EnOS expects.
type flowCall struct {
	FlowID      int32           `json:"flowId"`
	TriggerTime int64           `json:"triggerTime"` // Unix ms
	Parameters  []flowParameter `json:"parameters"`
}

// flowAnswer is EnOS's answer; the result code is in status (v2.0) or code (v2.1).
type flowAnswer struct {
	Status *int64 `json:"status"`
	Code   *int64 `json:"code"`
	Msg    string `json:"msg"`
	Data   struct {
		FlowInstanceID string `json:"flowInstanceId"`
	} `json:"data"`
}

// resultCode is EnOS's verdict, or false where the answer has none.
func (a *flowAnswer) resultCode() (int64, bool) {
	switch {
	case a.Code != nil:
		return *a.Code, true
	case a.Status != nil:
		return *a.Status, true
	}
	return 0, false
}

func (s *flowService) UpdateAndTriggerFlow(ctx context.Context, request *pb.UpdateAndTriggerFlowRequest) (*pb.UpdateAndTriggerFlowResponse, error) {
	if err := validate(request); err != nil {
		return nil, err
	}
	body, err := encodeBody(request)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "encode the call: %v", err)
	}
	token := s.tokens.current()
	answer, err := s.post(ctx, request, body, token)
	if status.Code(err) == codes.Unauthenticated {
		// Refused for its token, and so not executed: once more with a fresh one.
		if token, err = s.tokens.replace(ctx, token); err != nil {
			return nil, status.Errorf(codes.Unavailable, "no token to be had: %v", err)
		}
		return s.post(ctx, request, body, token)
	}
	return answer, err
}

// post signs the call and sends it to EnOS.
func (s *flowService) post(ctx context.Context, request *pb.UpdateAndTriggerFlowRequest, body []byte, token string) (*pb.UpdateAndTriggerFlowResponse, error) {
	query := "action=updateAndTrigger&orgId=" + url.QueryEscape(request.OrgId) + "&userId=" + url.QueryEscape(request.UserId)
	httpRequest, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+flowsPath+"?"+query, bytes.NewReader(body))
	if err != nil {
		return nil, status.Errorf(codes.Internal, "make the request: %v", err)
	}
	timestamp := strconv.FormatInt(time.Now().UnixMilli(), 10)
	signedQuery := "action" + "updateAndTrigger" + "orgId" + request.OrgId + "userId" + request.UserId
	httpRequest.Header.Set("Content-Type", "application/json;charset=UTF-8")
	httpRequest.Header.Set("apim-accesstoken", token)
	httpRequest.Header.Set("apim-timestamp", timestamp)
	httpRequest.Header.Set("apim-signature", sha256Hex(token, signedQuery, string(body), timestamp, s.secretKey))

	response, err := s.http.Do(httpRequest)
	if err != nil {
		return nil, transferError(err)
	}
	defer response.Body.Close()
	// Read to its end, or the connection cannot be used again.
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return nil, transferError(err)
	}
	return decodeAnswer(response.StatusCode, text)
}

func validate(request *pb.UpdateAndTriggerFlowRequest) error {
	switch {
	case request.UserId == "" || len(request.UserId) > 256:
		return status.Error(codes.InvalidArgument, "user_id: 1 to 256 bytes are expected")
	case request.OrgId == "" || len(request.OrgId) > 256:
		return status.Error(codes.InvalidArgument, "org_id: 1 to 256 bytes are expected")
	case request.FlowId <= 0:
		return status.Error(codes.InvalidArgument, "flow_id: a number above 0 is expected")
	case !request.TriggerTime.IsValid() || request.TriggerTime.Seconds < 0:
		return status.Error(codes.InvalidArgument, "trigger_time: a time since 1970 is expected")
	case len(request.Parameters) > 10000:
		return status.Error(codes.InvalidArgument, "parameters: at most 10000 are expected")
	}
	for i, parameter := range request.Parameters {
		if parameter.Key == "" || len(parameter.Key) > 1<<10 || len(parameter.Value) > 64<<10 {
			return status.Errorf(codes.InvalidArgument, "parameters[%d]: a key of 1 byte to 1 KiB and a value of at most 64 KiB are expected", i)
		}
	}
	return nil
}

func encodeBody(request *pb.UpdateAndTriggerFlowRequest) ([]byte, error) {
	call := flowCall{
		FlowID:      request.FlowId,
		TriggerTime: request.TriggerTime.AsTime().UnixMilli(),
		Parameters:  make([]flowParameter, len(request.Parameters)),
	}
	for i, parameter := range request.Parameters {
		call.Parameters[i] = flowParameter{Key: parameter.Key, Value: parameter.Value}
	}
	return json.Marshal(&call)
}

func decodeAnswer(httpStatus int, text []byte) (*pb.UpdateAndTriggerFlowResponse, error) {
	var answer flowAnswer
	isJSON := json.Unmarshal(text, &answer) == nil
	code, hasCode := answer.resultCode()
	switch {
	case isJSON && hasCode && code != 0:
		return nil, status.Errorf(codeOf(code), "EnOS answered %d: %s", code, answer.Msg)
	case httpStatus >= 400:
		return nil, status.Errorf(codeOf(int64(httpStatus)), "EnOS answered HTTP %d", httpStatus)
	case !isJSON || !hasCode || httpStatus/100 != 2 || answer.Data.FlowInstanceID == "":
		return nil, status.Error(codes.Internal, "EnOS's answer makes no sense")
	}
	return &pb.UpdateAndTriggerFlowResponse{FlowInstanceId: answer.Data.FlowInstanceID}, nil
}

// codeOf maps EnOS's result codes and HTTP statuses.
func codeOf(code int64) codes.Code {
	switch code {
	case 62101, 62102, 99400, 400, 413:
		return codes.InvalidArgument
	case 62103, 99403, 498, 403:
		return codes.PermissionDenied
	case 62104, 62105:
		return codes.FailedPrecondition
	case 99404, 404:
		return codes.NotFound
	case 405, 501:
		return codes.Unimplemented
	case 409:
		return codes.AlreadyExists
	case 415:
		return codes.OutOfRange
	case 401, 497, 1203:
		return codes.Unauthenticated
	case 429:
		return codes.ResourceExhausted
	case 62109, 99500, 500:
		return codes.Internal
	case 504:
		return codes.DeadlineExceeded
	}
	return codes.Unknown
}

// transferError is the status of a call that got no complete answer. Only a failed dial is
// UNAVAILABLE, which callers may repeat: anything later may have been executed.
func transferError(err error) error {
	var operation *net.OpError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, "the caller went away")
	case errors.As(err, &timeout) && timeout.Timeout():
		return status.Error(codes.DeadlineExceeded, "EnOS did not answer in time")
	case errors.As(err, &operation) && operation.Op == "dial":
		return status.Error(codes.Unavailable, "EnOS cannot be reached")
	}
	return status.Error(codes.Unknown, fmt.Sprintf("the connection to EnOS was lost: %v", err))
}
