#include "server/grpc_server.h"

#include <grpc/grpc.h>
#include <grpcpp/health_check_service_interface.h>

#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "server/base/memory.h"
#include "server/rpc/flow_instance_methods.h"
#include "server/rpc/unary_rpc.h"
#include "server/rpc/update_and_trigger_flow.h"
#include "server/rpc/watch_flow_instance.h"

namespace enos::gateway {
namespace {

constexpr int kMaxMessageBytes = 1 << 20;  // the contract's limit
constexpr int kMaxMetadataBytes = 16 << 10;
// A front adds its caller's certificate to the same amount from the caller.
constexpr int kMaxMetadataBytesWithFront = kMaxMetadataBytes + (16 << 10);
// Pending requests for an RPC on each queue: enough for the calls that arrive while the thread is
// busy.
constexpr int kOffersPerQueue = 128;
constexpr int kOffersOfReads = 16;
// How often clients may ping; the usual client libraries do not ping more often than every 10 s
// unless configured to.
constexpr int kMinPingIntervalMs = 10000;
static_assert(kMinPingIntervalMs < 30000, "ordinary clients ping every 30 s, also without calls");
// More pings than allowed before the connection is ended (GOAWAY, "too_many_pings").
constexpr int kMaxPingStrikes = 2;
// Concurrent calls and health watches on one connection; a client holds further ones back.
constexpr int kMaxStreams = 1000;
// A client that silently disappears is noticed after this long.
constexpr int kKeepaliveMs = 60000;
constexpr int kKeepaliveTimeoutMs = 20000;
// What gRPC reads from a connection at once, and parses whatever happens to the connection
// meanwhile.
constexpr int kMaxReadBytes = 64 << 10;
// After the last answer: time for it to be sent before connections are closed by force.
constexpr std::chrono::milliseconds kGraceForTheRest{1000};

// gRPC 1.51 decompresses a message before it checks its size, and before the caller is known:
// callers must not compress. With the algorithms off a compressed call is refused by its headers
// (UNIMPLEMENTED), and nothing is decompressed.
void RefuseCompression(grpc::ServerBuilder& builder) {
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP})
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
}

void SetChannelArguments(grpc::ServerBuilder& builder, const GrpcServerOptions& options) {
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, options.front_socket.empty()
                                                             ? kMaxMetadataBytes
                                                             : kMaxMetadataBytesWithFront);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kMinPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_TCP_MAX_READ_CHUNK_SIZE, kMaxReadBytes);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kMaxPingStrikes);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             static_cast<int>(options.handshake_timeout.count()));
  if (options.max_connection_idle.count() > 0) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS,
                               static_cast<int>(options.max_connection_idle.count()));
  }
  if (options.max_connection_age.count() > 0) {
    // The grace is longer than any call may take, so that none is cut off.
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                               static_cast<int>(options.max_connection_age.count()));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                               static_cast<int>(options.drain_timeout.count()));
  }
}

GrpcServerOptions WithCredentials(GrpcServerOptions options) {
  if (options.credentials == nullptr) options.credentials = grpc::InsecureServerCredentials();
  return options;
}

// Of the pending requests.
std::vector<std::string> ServiceNames() {
  return {dataflow::v1::FlowService::service_full_name(),
          grpc::health::v1::Health::service_full_name(),
          grpc::reflection::v1::ServerReflection::service_full_name(),
          grpc::reflection::v1alpha::ServerReflection::service_full_name()};
}

}  // namespace

GrpcServer::GrpcServer(GrpcServerOptions options, EventLoop& loop, FlowTrigger& trigger,
                       KeyedTrigger* keyed, FlowRuns& runs, Admission& admission,
                       Admission& watches, CallEvents events, IdSource& ids, CallerChecks callers)
    : options_(WithCredentials(std::move(options))),
      events_(std::move(events)),
      loop_(loop),
      trigger_(trigger),
      keyed_(keyed),
      runs_(runs),
      health_(HealthService::kMaxWatches, CountMessages()),
      reflection_(ServiceNames(), ReflectionService::kMaxStreams, CountMessages()),
      unknown_methods_(CountMessages()),
      acceptor_(options_.max_connections, options_.inbound, options_.on_connection_cut, Sensors()),
      front_acceptor_(options_.max_connections, kNotWatched),
      rpc_environment_{service_,
                       loop,
                       trigger,
                       keyed,
                       runs,
                       admission,
                       watches,
                       open_calls_,
                       shutting_down_,
                       options_.upstream_timeout,
                       options_.early_headers,
                       events_,
                       ids,
                       callers,
                       acceptor_.connections()} {}

// What gRPC frees on one thread may belong to another thread's part of the allocator, which notices
// only when it next needs memory: idle threads never do.
InboundSensors GrpcServer::Sensors() {
  InboundSensors sensors = InboundSensors::Real();
  sensors.collect_memory = [this] {
    // The loop's thread calls the queues anyway.
    loop_.Post([this] {
      for (auto& queue : queues_) queue->Post(&CollectFreedMemory);
    });
  };
  return sensors;
}

OnMessage GrpcServer::CountMessages() {
  return [this](std::string_view peer, uint64_t bytes) {
    acceptor_.connections().CallArrived(peer, bytes);
  };
}

GrpcServer::~GrpcServer() { Drain(); }

std::error_code GrpcServer::ListenForFront() {
  return front_acceptor_.ListenAt(options_.front_socket);
}

void GrpcServer::StartAccepting(ConnectionAcceptor& acceptor, Connections connections) {
  acceptor.Start([connections = std::move(connections)](int fd) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.fd = fd;
    connections->HandleNewConnection(&connection);
  });
}

std::error_code GrpcServer::Start() {
  if (const auto error = acceptor_.Listen(options_.listen.host, options_.listen.port)) return error;
  address_ = {options_.listen.host, acceptor_.port()};
  SetServing(false);
  grpc::EnableDefaultHealthCheckService(false);
  grpc::ServerBuilder builder;
  SetChannelArguments(builder, options_);
  RefuseCompression(builder);
  constexpr auto kFromFd = grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD;
  Connections connections =
      builder.experimental().AddExternalConnectionAcceptor(kFromFd, options_.credentials);
  Connections from_front = builder.experimental().AddExternalConnectionAcceptor(
      kFromFd, grpc::InsecureServerCredentials());
  builder.RegisterService(&service_);
  builder.RegisterService(&health_.service());
  if (options_.reflection) reflection_.Register(builder);
  builder.RegisterAsyncGenericService(&unknown_methods_.service());
  for (int i = 0; i < options_.threads; ++i) {
    queues_.push_back(std::make_unique<RpcQueue>(
        builder.AddCompletionQueue(),
        [&admission = rpc_environment_.admission] { return admission.in_flight() > kFewCalls; }));
  }
  server_ = builder.BuildAndStart();  // cannot fail: it opens nothing
  health_.Offer(queues_.front()->grpc_queue());
  if (options_.reflection) reflection_.Offer(queues_.front()->grpc_queue());
  unknown_methods_.Offer(queues_.front()->grpc_queue());
  for (auto& queue : queues_) {
    for (int i = 0; i < kOffersPerQueue; ++i)
      UnaryRpc<UpdateAndTriggerFlow>::Offer(rpc_environment_, *queue);
    for (int i = 0; i < kOffersOfReads; ++i) {
      UnaryRpc<GetFlowInstance>::Offer(rpc_environment_, *queue);
      UnaryRpc<CancelFlowInstance>::Offer(rpc_environment_, *queue);
      OfferWatchFlowInstance(rpc_environment_, *queue);
    }
    threads_.emplace_back([&queue = *queue] { queue.Serve(); });
  }
  StartAccepting(acceptor_, std::move(connections));
  if (!options_.front_socket.empty()) StartAccepting(front_acceptor_, std::move(from_front));
  return {};
}

void GrpcServer::SetServing(bool serving) {
  const std::lock_guard lock(health_mutex_);
  if (!stopped_serving_) PublishHealth(serving);
}

void GrpcServer::StopServing() {
  const std::lock_guard lock(health_mutex_);
  if (std::exchange(stopped_serving_, true)) return;
  PublishHealth(false);
}

void GrpcServer::PublishHealth(bool serving) {
  // The server last: whoever learns that it serves may ask for the service.
  health_.Set(dataflow::v1::FlowService::service_full_name(), serving);
  health_.Set("", serving);
}

void GrpcServer::Drain() {
  if (server_ == nullptr) return;
  StopServing();
  shutting_down_ = true;
  for (auto& queue : queues_) queue->RunAtDrain();
  if (keyed_ != nullptr) loop_.Post([this] { keyed_->StopWaiting(); });
  // First: gRPC 1.51 does not close what is handed over after Shutdown.
  acceptor_.Stop();
  front_acceptor_.Stop();
  const auto deadline = std::chrono::steady_clock::now() + options_.drain_timeout;
  // Shutdown sends GOAWAY at once, then waits for everything that is open, including health watches
  // and reflection streams, which end as soon as the calls are answered: by force if a client does
  // not read.
  auto shutdown = std::async(std::launch::async, [&] {
    server_->Shutdown(std::chrono::system_clock::now() + options_.drain_timeout +
                      2 * kGraceForTheRest);
  });
  if (!open_calls_.WaitForNone(deadline)) {
    loop_.Post([this] {
      trigger_.EndAll();
      if (keyed_ != nullptr) keyed_->EndAll();
      runs_.EndAll();
    });
    for (auto& queue : queues_) queue->RunTimersNow();  // whose headers have not been sent
    open_calls_.WaitForNone(std::chrono::steady_clock::now() + kGraceForTheRest);
  }
  health_.EndWatches();
  reflection_.EndStreams();
  if (shutdown.wait_for(kGraceForTheRest) == std::future_status::timeout) {
    grpc_server_cancel_all_calls(server_->c_server());
  }
  shutdown.wait();
  StopWatching();
  CloseQueues();
  server_.reset();
}

// What the watch has posted to the loop must have run before the queues are destroyed.
void GrpcServer::StopWatching() {
  acceptor_.StopWatching();
  std::promise<void> through;
  loop_.Post([&through] { through.set_value(); });
  through.get_future().wait();
}

// After the server's shutdown, when no RPC arrives any more: lets those that did arrive end.
void GrpcServer::CloseQueues() {
  // An RPC that has arrived may still be in its queue, not yet counted; what is queued now comes
  // out after it.
  for (auto& queue : queues_) {
    std::promise<void> out;
    queue->Post([&out] { out.set_value(); });
    out.get_future().wait();
  }
  // Shutdown does not wait for answers that the upstream loop has yet to give, and they need their
  // queue. They will come: calls are refused on arrival or, if they were past that, by the loop.
  open_calls_.WaitForNone();
  health_.WaitForNone();
  reflection_.WaitForNone();
  unknown_methods_.WaitForNone();
  for (auto& queue : queues_) queue->Shutdown();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace enos::gateway
