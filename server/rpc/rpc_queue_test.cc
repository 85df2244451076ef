#include "server/rpc/rpc_queue.h"

#include <gmock/gmock.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
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
    queue_ =
        std::make_unique<RpcQueue>(builder.AddCompletionQueue(), [this] { return busy_.load(); });
    server_ = builder.BuildAndStart();
    thread_ = std::thread([this] { queue_->Serve(); });
  }
  ~RpcQueueTest() override {
    server_->Shutdown();
    queue_->Shutdown();
    thread_.join();
  }

  // By then everything posted earlier has run.
  void WaitForPosted() {
    std::promise<void> done;
    queue_->Post([&done] { done.set_value(); });
    done.get_future().wait();
  }

  std::atomic<bool> busy_{true};
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

// On the serving thread.
void RunThere(RpcQueue& queue, const std::function<void()>& what) {
  std::promise<void> done;
  queue.Post([&] {
    what();
    done.set_value();
  });
  done.get_future().wait();
}

TEST_F(RpcQueueTest, TimerRunsThereAndNotBeforeItsTime) {
  constexpr std::chrono::milliseconds kWait{20};
  const SteadyTime begun = std::chrono::steady_clock::now();
  std::promise<std::thread::id> ran_on;
  RunThere(*queue_, [&] {
    queue_->RunAt(begun + kWait, [&] { ran_on.set_value(std::this_thread::get_id()); });
  });
  EXPECT_EQ(ran_on.get_future().get(), thread_.get_id());
  EXPECT_GE(std::chrono::steady_clock::now() - begun, kWait);
}

TEST_F(RpcQueueTest, EarlierTimerIsNotKeptWaitingByALaterOne) {
  const SteadyTime now = std::chrono::steady_clock::now();
  std::promise<void> ran;
  RunThere(*queue_, [&] {
    queue_->RunAt(now + std::chrono::hours(1), [] { ADD_FAILURE(); });
    queue_->RunAt(now, [&] { ran.set_value(); });
  });
  ran.get_future().wait();  // and the end of the test does not wait for an hour
}

TEST_F(RpcQueueTest, CancelledTimerDoesNotRunAndAllOthersDoWhenTheyAreToldTo) {
  const SteadyTime later = std::chrono::steady_clock::now() + std::chrono::hours(1);
  std::vector<int> ran;
  RunThere(*queue_, [&] {
    const TimerId first = queue_->RunAt(later, [&] { ran.push_back(1); });
    queue_->RunAt(later, [&] { ran.push_back(2); });
    queue_->RunAt(later + std::chrono::hours(1), [&] { ran.push_back(3); });
    queue_->Cancel(first);
  });
  queue_->RunTimersNow();
  WaitForPosted();
  EXPECT_THAT(ran, ::testing::ElementsAre(2, 3));
}

bool IsHeld(int socket) {
  int cork = 0;
  socklen_t size = sizeof(cork);
  EXPECT_EQ(::getsockopt(socket, IPPROTO_TCP, TCP_CORK, &cork, &size), 0);
  return cork == 1;
}

// Holds a socket's writes, and starts an operation that completes at once, as sending headers does.
// Reports what it saw.
class Write {
 public:
  Write(RpcQueue& queue, int socket) : queue_(queue), socket_(socket) {}

  void Begin() { begun_.Set(); }
  bool held_after_begin() const { return held_after_begin_; }
  // Waits.
  bool held_when_complete() { return held_when_complete_.get_future().get(); }

 private:
  class Alarmed final : public CompletionEvent {
   public:
    Alarmed(RpcQueue& queue, std::function<void()> then) : queue_(queue), then_(std::move(then)) {}
    void Set() {
      alarm_.Set(&queue_.grpc_queue(), gpr_time_0(GPR_CLOCK_MONOTONIC),
                 static_cast<CompletionEvent*>(this));
    }
    void OnEvent(bool /*ok*/) override { then_(); }

   private:
    RpcQueue& queue_;
    const std::function<void()> then_;
    grpc::Alarm alarm_;
  };

  RpcQueue& queue_;
  const int socket_;
  bool held_after_begin_ = false;
  std::promise<bool> held_when_complete_;
  Alarmed complete_{queue_, [this] { held_when_complete_.set_value(IsHeld(socket_)); }};
  Alarmed begun_{queue_, [this] {
                   queue_.HoldWrites(socket_);
                   held_after_begin_ = IsHeld(socket_);
                   complete_.Set();
                 }};
};

class RpcQueueWritesTest : public RpcQueueTest {
 protected:
  ~RpcQueueWritesTest() override { ::close(socket_); }

  // Both are started while the thread is busy elsewhere: they are pending together.
  void BeginTogether(Write& one, Write& other) {
    std::promise<void> go_on = KeepBusy();
    one.Begin();
    other.Begin();
    go_on.set_value();
  }

  // The serving thread is busy from now on, until the promise is fulfilled.
  std::promise<void> KeepBusy() {
    std::promise<void> go_on;
    std::promise<void> at_work;
    auto is_at_work = at_work.get_future();
    queue_->Post([at_work = std::make_shared<std::promise<void>>(std::move(at_work)),
                  may_go_on = go_on.get_future().share()] {
      at_work->set_value();
      may_go_on.wait();
    });
    is_at_work.wait();
    return go_on;
  }

  const int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

// What must hold before a call may go to EnOS: its headers have been sent by then.
TEST_F(RpcQueueWritesTest, WritesOfOneRound_AreOutWhenTheirOperationsComplete) {
  Write one(*queue_, socket_);
  Write other(*queue_, socket_);
  BeginTogether(one, other);
  EXPECT_FALSE(one.held_when_complete());
  EXPECT_FALSE(other.held_when_complete());
  EXPECT_TRUE(one.held_after_begin());
  EXPECT_TRUE(other.held_after_begin());
}

TEST_F(RpcQueueWritesTest, QueueThatIsNotBusy_HoldsNothing) {
  busy_ = false;
  Write one(*queue_, socket_);
  Write other(*queue_, socket_);
  BeginTogether(one, other);
  EXPECT_FALSE(one.held_when_complete());
  EXPECT_FALSE(other.held_when_complete());
  EXPECT_FALSE(one.held_after_begin());
  EXPECT_FALSE(other.held_after_begin());
}

TEST_F(RpcQueueWritesTest, TasksOfOneTaskOfTheLoop_ShareARound) {
  busy_ = false;
  EventLoop loop;
  loop.Start();
  bool held = false;
  loop.Post([&] {
    queue_->PostTogether(loop, [&] {
      queue_->HoldWrites(socket_);
      held = IsHeld(socket_);
    });
    queue_->PostTogether(loop, [] {});
  });
  std::promise<void> done;
  loop.Post([&] { queue_->PostTogether(loop, [&] { done.set_value(); }); });
  done.get_future().wait();
  EXPECT_TRUE(held);
  loop.Stop();
}

TEST_F(RpcQueueWritesTest, TasksThatCameTogether_ShareARound) {
  busy_ = false;
  std::promise<void> go_on = KeepBusy();
  bool held = false;
  for (int i = 0; i < 2; ++i) {
    queue_->Post([&] {
      queue_->HoldWrites(socket_);
      held = IsHeld(socket_);
    });
  }
  go_on.set_value();
  WaitForPosted();
  WaitForPosted();  // in another round: the one before it has ended
  EXPECT_TRUE(held);
  EXPECT_FALSE(IsHeld(socket_));
}

}  // namespace
}  // namespace enos::gateway
