package enosflow

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	pb "github.com/enos-flow-gateway/enos-flow-gateway/client/go/enos/dataflow/v1"
)

// All connections in turn; never a retryPolicy, because the call is not idempotent.
const serviceConfig = `{"loadBalancingConfig": [{"round_robin": {}}]}`

// Options say where the gateway is, and who calls it.
type Options struct {
	// Address is host:port, for example "gateway.example.com:443"; also a target with a scheme of gRPC's ("dns:///…",
	// "unix:…"). Empty: "127.0.0.1:50051".
	Address string
	// Plaintext to any address: what is sent can be read and changed on the way. Without it plaintext goes only to this
	// machine (localhost, 127.0.0.0/8, ::1, a Unix socket), where no TLS setting is made; all else is TLS.
	Plaintext bool
	// TLS, even to this machine. Implied by the four below.
	TLS bool
	// PEM files, read once. CAFile: empty for the system's certificate authorities. CertFile and KeyFile: this client's own
	// certificate, for a gateway that requires one.
	CAFile, CertFile, KeyFile string
	// ServerName is the name that the gateway's certificate must have, if it is not the host of the address.
	ServerName string
	// TokenFile is the path of a file with a bearer token (one line), for a gateway that authenticates its callers. It is
	// read anew for each attempt, so that a token replaced in time is never missed.
	TokenFile string
}

func (o Options) hasTLSSettings() bool {
	return o.TLS || o.CAFile != "" || o.CertFile != "" || o.KeyFile != "" || o.ServerName != ""
}

func (o Options) usesTLS() bool {
	return !o.Plaintext && (o.hasTLSSettings() || !isLoopback(o.Address))
}

func (o Options) check() error {
	switch {
	case !isUnixSocket(o.Address) && (hostOf(o.Address) == "" || !strings.Contains(o.Address, ":")):
		return fmt.Errorf("Address %s: expected host:port, for example gateway.example.com:443", o.Address)
	case o.Plaintext && o.hasTLSSettings():
		return errors.New("Plaintext cannot be combined with TLS, CAFile, CertFile, KeyFile or ServerName")
	case (o.CertFile == "") != (o.KeyFile == ""):
		return errors.New("CertFile and KeyFile: expected both or neither")
	case o.TokenFile != "" && !o.usesTLS() && !isLoopback(o.Address):
		return fmt.Errorf("TokenFile: a token is not sent in plaintext to another machine (%s), expected TLS", o.Address)
	}
	return nil
}

func isUnixSocket(address string) bool {
	return strings.HasPrefix(address, "unix:") || strings.HasPrefix(address, "unix-abstract:")
}

// hostOf is the host of host:port, without gRPC's scheme and without the brackets of IPv6.
func hostOf(address string) string {
	for _, scheme := range []string{"dns:///", "passthrough:///"} {
		address = strings.TrimPrefix(address, scheme)
	}
	if strings.HasPrefix(address, "[") {
		if end := strings.Index(address, "]"); end >= 0 {
			return address[1:end]
		}
		return ""
	}
	if colon := strings.LastIndex(address, ":"); colon >= 0 {
		return address[:colon]
	}
	return address
}

func isLoopback(address string) bool {
	host := hostOf(address)
	ip := net.ParseIP(host)
	return isUnixSocket(address) || host == "localhost" || (ip != nil && ip.IsLoopback())
}

func (o Options) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{ServerName: o.ServerName, MinVersion: tls.VersionTLS12}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("CAFile %s: %w", o.CAFile, err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("CAFile %s: expected certificates in a PEM file", o.CAFile)
		}
	}
	if o.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("CertFile %s, KeyFile %s: %w", o.CertFile, o.KeyFile, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// plaintext is for every version of grpc-go: WithInsecure went, and credentials/insecure came, in the middle of them.
type plaintext struct{}

func (plaintext) ClientHandshake(_ context.Context, _ string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return conn, noAuth{credentials.CommonAuthInfo{SecurityLevel: credentials.NoSecurity}}, nil
}
func (plaintext) ServerHandshake(net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errors.New("enosflow: for clients only")
}
func (plaintext) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "insecure"}
}
func (plaintext) Clone() credentials.TransportCredentials { return plaintext{} }
func (plaintext) OverrideServerName(string) error         { return nil }

type noAuth struct{ credentials.CommonAuthInfo }

func (noAuth) AuthType() string { return "insecure" }

// dial makes a channel on which no library repeats a call that may have been executed: there is no retry policy, and service
// configs from DNS, which can carry one, are ignored. What gRPC resends all the same never left, or was declared
// unprocessed by the server's GOAWAY. Does not wait for a connection.
func dial(options Options) (*grpc.ClientConn, error) {
	var security credentials.TransportCredentials = plaintext{}
	if options.usesTLS() {
		config, err := options.tlsConfig()
		if err != nil {
			return nil, err
		}
		security = credentials.NewTLS(config)
	}
	wait := backoff.DefaultConfig
	wait.BaseDelay, wait.MaxDelay = 250*time.Millisecond, 10*time.Second
	dialOptions := []grpc.DialOption{
		grpc.WithTransportCredentials(security),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		grpc.WithUserAgent("enos-flow-go/" + Version),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: wait, MinConnectTimeout: 20 * time.Second}),
	}
	if isLoopback(options.Address) { // a proxy of the environment must not carry a local, unencrypted call off this machine
		dialOptions = append(dialOptions, grpc.WithNoProxy())
	}
	target := options.Address
	if !strings.Contains(target, "://") && !isUnixSocket(target) {
		target = "dns:///" + target
	}
	return grpc.Dial(target, dialOptions...) //nolint:staticcheck // NewClient is not in the versions of Debian 12
}

// connect waits until the channel is connected. Its errors are certainly NotExecuted, because no call was made: gRPC alone
// cannot tell a call that never left from one that was lost.
func connect(ctx context.Context, connection *grpc.ClientConn) *Error {
	for {
		state := connection.GetState()
		switch state {
		case connectivity.Ready:
			return nil
		case connectivity.TransientFailure, connectivity.Shutdown:
			return unreachable(codes.Unavailable, "no connection to the gateway"+whyNot(ctx, connection))
		case connectivity.Idle:
			// Older versions connect by themselves.
			if idle, ok := interface{}(connection).(interface{ Connect() }); ok {
				idle.Connect()
			}
		}
		if !connection.WaitForStateChange(ctx, state) {
			if errors.Is(ctx.Err(), context.Canceled) {
				return unreachable(codes.Canceled, "cancelled before there was a connection to the gateway")
			}
			return unreachable(codes.DeadlineExceeded, "no connection to the gateway within the time-out")
		}
	}
}

func unreachable(code codes.Code, message string) *Error {
	return notSent(code, pb.ErrorReason_GATEWAY_UNREACHABLE, message)
}

// whyNot asks with a call that has no side effects wherever it arrives: a channel's state does not say.
func whyNot(ctx context.Context, connection *grpc.ClientConn) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	err := connection.Invoke(ctx, "/grpc.health.v1.Health/Check", &emptypb.Empty{}, &emptypb.Empty{})
	if status.Code(err) != codes.Unavailable {
		return ""
	}
	return ": " + status.Convert(err).Message()
}
