#ifndef ENOS_TESTS_SOAK_KEYS_REPLICAS_H_
#define ENOS_TESTS_SOAK_KEYS_REPLICAS_H_

#include <grpcpp/channel.h>
#include <grpcpp/server.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"

namespace enos::soak {

// Where the gateways are just now; their channels. Thread-safe.
class Replicas {
 public:
  // A gateway came up, in the place of the one that had this number.
  void Set(std::size_t number, const std::string& address);
  // No gateway any more.
  void Clear();

  // Of the gateway with that number, counted round. `eager`: gRPC's library repeats calls on it by
  // itself, after nearly every code. Null: there is none.
  std::shared_ptr<grpc::Channel> Channel(std::uint64_t number, bool eager);
  std::string Address(std::uint64_t number);  // likewise; empty: there is none

 private:
  struct Replica {
    std::string address;
    std::shared_ptr<grpc::Channel> plain;
    std::shared_ptr<grpc::Channel> eager;
  };
  std::mutex mutex_;
  std::vector<Replica> replicas_;
};

// As a service mesh that is set up wrongly: each call that failed is made again, three times, at
// once, whatever its code, at another replica each time; also if its caller is long gone.
class Mesh final : public dataflow::v1::FlowService::Service {
 public:
  explicit Mesh(Replicas& replicas);
  ~Mesh() override { Stop(); }

  std::string address() const;
  void Stop();
  std::uint64_t repeats() const { return repeats_; }

 private:
  grpc::Status UpdateAndTriggerFlow(grpc::ServerContext* context,
                                    const dataflow::v1::UpdateAndTriggerFlowRequest* request,
                                    dataflow::v1::UpdateAndTriggerFlowResponse* response) override;

  Replicas& replicas_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::uint64_t> repeats_{0};
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace enos::soak

#endif  // ENOS_TESTS_SOAK_KEYS_REPLICAS_H_
