#include "server/rpc/rpc_queue.h"

#include <gmock/gmock.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"

namespace enos::gateway {
namespace {

class RpcQueueTest : public ::testing::Test {
 protected:
  RpcQueueTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    queue_ = std::make_unique<RpcQueue>(builder.AddCompletionQueue());
    server_ = builder.BuildAndStart();
    thread_ = std::thread([this] { queue_->Serve(); });
  }
  ~RpcQueueTest() override {
    server_->Shutdown();
    queue_->Shutdown();
    thread_.join();
  }

  // What was posted before has run then.
  void WaitForPosted() {
    std::promise<void> done;
    queue_->Post([&done] { done.set_value(); });
    done.get_future().wait();
  }

  dataflow::v1::FlowService::AsyncService service_;
  std::unique_ptr<RpcQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::thread thread_;
};

TEST_F(RpcQueueTest, TasksRunOnTheThreadThatServes) {
  std::thread::id ran_on;
  queue_->Post([&] { ran_on = std::this_thread::get_id(); });
  WaitForPosted();
  EXPECT_EQ(ran_on, thread_.get_id());
}

TEST_F(RpcQueueTest, TasksOfOneThreadRunInOrderAndNoneIsLost) {
  constexpr int kThreads = 3;
  constexpr int kTasks = 1000;
  std::vector<std::vector<int>> ran(kThreads);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, &ran, thread] {
      for (int i = 0; i < kTasks; ++i) {
        queue_->Post([&ran, thread, i] { ran[static_cast<size_t>(thread)].push_back(i); });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  WaitForPosted();
  std::vector<int> in_order(kTasks);
  for (int i = 0; i < kTasks; ++i) in_order[static_cast<size_t>(i)] = i;
  EXPECT_THAT(ran, ::testing::Each(in_order));
}

TEST_F(RpcQueueTest, ATaskMayPostAnother) {
  std::promise<void> second;
  queue_->Post([&] { queue_->Post([&] { second.set_value(); }); });
  second.get_future().wait();
}

}  // namespace
}  // namespace enos::gateway
