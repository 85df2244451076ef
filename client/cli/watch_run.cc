#include "watch_run.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "instance_text.h"
#include "run.h"
#include "run_view.h"

namespace enos::flow::cli {
namespace {

// How long a wish to stop may lie before it is seen to, and how often the view's clock moves.
constexpr std::chrono::milliseconds kTick{100};
constexpr absl::Duration kClockInterval = absl::Seconds(1);

// What the library's threads have to tell.
struct News {
  std::deque<FlowInstance> states;
  std::optional<FlowError> interruption;  // the newest, where no state followed
  std::optional<InstanceResult> end;
};

struct Inbox {
  std::mutex mutex;
  std::condition_variable arrived;
  News news;

  News Take() {
    std::unique_lock<std::mutex> lock(mutex);
    arrived.wait_for(lock, kTick, [this] {
      return !news.states.empty() || news.interruption.has_value() || news.end.has_value();
    });
    return std::exchange(news, News());
  }

  template <typename Change>
  void Put(const Change& change) {
    const std::lock_guard<std::mutex> lock(mutex);
    change(news);
    arrived.notify_one();
  }
};

WatchCallbacks CallbacksInto(const std::shared_ptr<Inbox>& inbox) {
  WatchCallbacks callbacks;
  callbacks.on_state = [inbox](const FlowInstance& instance) {
    inbox->Put([&](News& news) {
      news.states.push_back(instance);
      news.interruption.reset();
    });
  };
  callbacks.on_interruption = [inbox](const FlowError& error, std::chrono::milliseconds) {
    inbox->Put([&](News& news) { news.interruption = error; });
  };
  callbacks.done = [inbox](InstanceResult result) {
    inbox->Put([&](News& news) { news.end = std::move(result); });
  };
  return callbacks;
}

// What is shown while the run goes on.
class Display {
 public:
  Display(const RunToWatch& run, Console& console)
      : run_(run),
        console_(console),
        view_(console.out, console.columns, console.rows, console.out_style),
        started_(run.now()),
        live_(run.output == OutputFormat::kText && console.out_is_screen) {}

  void State(const FlowInstance& instance) {
    const absl::Time now = run_.now();
    if (run_.output == OutputFormat::kJson) {
      console_.out << FormatInstanceJson({instance, run_.options.request_id}) << std::flush;
    } else if (!live_) {
      console_.out << FormatChange(last_ ? &*last_ : nullptr, instance, now, console_.out_style)
                   << std::flush;
    }
    last_ = instance;
    interrupted_ = false;
    Draw(now);
  }

  void Interruption(const FlowError& error) {
    if (std::exchange(interrupted_, true)) return;
    if (live_ && last_) return Draw(run_.now());
    console_.err << absl::StrCat("enos-flow: ", StatusCodeName(error.code),
                                 "; the run goes on, trying to watch it again\n")
                 << std::flush;
  }

  // Moves the clock.
  void Tick() {
    const absl::Time now = run_.now();
    if (now - drawn_ >= kClockInterval) Draw(now);
  }

 private:
  void Draw(absl::Time now) {
    if (!live_ || !last_) return;
    drawn_ = now;
    view_.Show({*last_, now - started_, interrupted_ ? "connection lost, trying again" : ""});
  }

  const RunToWatch& run_;
  Console& console_;
  RunView view_;
  const absl::Time started_;
  const bool live_;
  absl::Time drawn_ = absl::InfinitePast();
  std::optional<FlowInstance> last_;
  bool interrupted_ = false;
};

std::string HowToWatch(const RunToWatch& run) {
  return absl::StrCat("To watch it again:\n  ",
                      CommandAboutRun("watch", run.request, run.connection_flags), "\n");
}

// That the call failed means the watch alone: whoever starts the flow again has two runs.
std::string AfterAFailedWatch(const RunToWatch& run, const FlowError& error) {
  if (run.was_started_now) return "The flow was started, and its run may go on. " + HowToWatch(run);
  if (error.reason_kind == Reason::WATCH_TIMEOUT) return HowToWatch(run);
  return "";
}

int TellEnd(const InstanceResult& end, const RunToWatch& run, Console& console) {
  if (end.ok()) {
    if (end.instance().state() == dataflow::v1::FLOW_INSTANCE_STATE_SUCCEEDED) return kExitOk;
    console.err << FormatBadEnd(end.instance(), console.err_style) << std::flush;
    return kExitBadEnd;
  }
  if (run.output == OutputFormat::kJson) {
    console.out << FormatInstanceJson(end) << std::flush;
  } else {
    console.err << FormatErrorText(end.error(), run.address, console.err_style)
                << AfterAFailedWatch(run, end.error()) << std::flush;
  }
  return kExitFailedCall;
}

int TellInterrupted(const RunToWatch& run, Console& console) {
  console.err << absl::StrCat("enos-flow: interrupted; the run goes on. ", HowToWatch(run))
              << std::flush;
  return kExitInterrupted;
}

}  // namespace

int WatchRun(const FlowClient& client, const RunToWatch& run, const InterruptWatch& interrupts,
             Console& console) {
  const auto inbox = std::make_shared<Inbox>();
  Display display(run, console);
  PendingCall watch = client.WatchFlowInstance(run.request, run.options, CallbacksInto(inbox));
  bool stopping = false;
  for (;;) {
    if (!stopping && interrupts.interrupted()) {
      stopping = true;
      watch.Cancel();
    }
    const News news = inbox->Take();
    for (const FlowInstance& instance : news.states) display.State(instance);
    if (news.interruption) display.Interruption(*news.interruption);
    if (news.end) {
      if (stopping && !news.end->ok()) return TellInterrupted(run, console);
      return TellEnd(*news.end, run, console);
    }
    display.Tick();
  }
}

}  // namespace enos::flow::cli
