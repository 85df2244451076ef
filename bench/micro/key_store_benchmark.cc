// What the store of idempotency keys does: pairs of a reservation and its result, so many in
// flight.
//
//   key-store-benchmark [SECONDS] [FOLDER]    default: 2, and the folder for temporary files
//   key-store-benchmark --commits FOLDER ENOS   for bench/run.sh --keys: prints the URL of its
//   PostgreSQL,
//                                             then for each line on standard input what a bare
//                                             commit takes in each database, in microseconds
//
// SQLite's file is in FOLDER: say where fsync is real. PostgreSQL is a server that this program
// starts, on the same disk and machine, with Debian's settings.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/keystore/open_key_store.h"
#include "server/keystore/sql_key_store.h"
#include "server/loop/event_loop.h"
#include "tests/support/postgres.h"

namespace {

using namespace enos::gateway;  // NOLINT(google-build-using-namespace): this file is the program
using Clock = std::chrono::steady_clock;

// Nanoseconds on a processor, of this process's thread of that name.
double CpuOf(const std::string& name) {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string comm;
    std::getline(std::ifstream(task.path() / "comm") >> std::ws, comm);
    double nanoseconds = 0;
    if (comm == name && std::ifstream(task.path() / "schedstat") >> nanoseconds) return nanoseconds;
  }
  return 0;
}

std::string Digits(uint64_t number, size_t length) {
  std::string digits = std::to_string(number * 0x9E3779B97F4A7C15u);
  return std::string(length - digits.size(), '0') + digits;
}

// As of a UUIDv7: those made at about the same time are neighbours.
std::string RecordId(uint64_t number) {
  const auto time =
      std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds(1);
  return Digits(number, 52).insert(0, absl::StrCat(absl::Hex(time, absl::kZeroPad12)));
}

class Load {
 public:
  Load(const std::string& setting, int in_flight, std::chrono::milliseconds time)
      : left_(in_flight) {
    SqlKeyStoreOptions options;
    options.enos = "http://bench";
    store_ = std::make_unique<SqlKeyStore>(
        OpenDatabase(setting), loop_, [this](Task task) { loop_.Post(std::move(task)); },
        [] { return 0.5; }, options, KeyStoreEvents());
    if (!store_->Start().ok()) std::abort();
    loop_.Start();
    const auto begin = Clock::now();
    end_ = begin + time;
    const double cpu = CpuOf("enos-keystore");
    loop_.Post([this, in_flight] {
      for (int i = 0; i < in_flight; ++i) Pair();
    });
    ended_.get_future().wait();
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    const double store_us = (CpuOf("enos-keystore") - cpu) / 1000 / static_cast<double>(done_);
    std::sort(times_.begin(), times_.end());
    std::printf(
        "%-10s %4d in flight: %7.0f operations/s, %6.2f ms each (median), store thread "
        "%5.1f us each, failed %ld\n",
        StoreKind(setting), in_flight, static_cast<double>(done_) / seconds,
        times_[times_.size() / 2], store_us, failed_);
    std::fflush(stdout);
    loop_.Stop();
    store_->Stop();
  }

 private:
  void Pair() {
    const auto now = Clock::now();
    if (now >= end_ && done_ > 0) {
      if (--left_ == 0) ended_.set_value();
      return;
    }
    KeyAttempt attempt;
    const uint64_t number = (static_cast<uint64_t>(getpid()) << 32) + ++next_ +
                            static_cast<uint64_t>(now.time_since_epoch().count());
    attempt.key.id = RecordId(number);
    attempt.key.fingerprint = Digits(number, 64);
    attempt.nonce = Digits(number, 32);
    attempt.end_by = now + std::chrono::seconds(30);
    const KeyNote note = {"0198c0de-0000-7000-8000-000000000000", "o15504722874071", 2791,
                          1795000000000, "2791-20261118000000"};
    store_->Reserve(attempt, note, now + std::chrono::seconds(60),
                    [this, attempt, now](const KeyFinding& found) {
                      Count(found.state == KeyState::kMine, now);
                      Complete(attempt);
                    });
  }

  void Complete(const KeyAttempt& attempt) {
    const auto now = Clock::now();
    store_->Started(attempt, {"2791-20261118000000", "request"}, now + std::chrono::seconds(60),
                    [this, now](const KeyFinding& found) {
                      Count(found.state == KeyState::kStarted, now);
                      Pair();
                    });
  }

  void Count(bool ok, Clock::time_point asked) {
    ++done_;
    if (!ok) ++failed_;
    times_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - asked).count());
  }

  Clock::time_point end_;
  int left_;
  uint64_t next_ = 0;
  long done_ = 0;
  long failed_ = 0;
  std::vector<double> times_;
  std::promise<void> ended_;
  EventLoop loop_;
  std::unique_ptr<SqlKeyStore> store_;
};

// What a reservation takes with nothing around it but its own transaction: the median, in
// microseconds.
class BareCommits {
 public:
  BareCommits(const std::string& setting, const std::string& enos)
      : database_(OpenDatabase(setting)), batches_(database_->dialect(), std::chrono::hours(24)) {
    const SqlDialect& dialect = database_->dialect();
    if (database_->Connect().end != SqlEnd::kDone) std::abort();
    database_->Run(CreateTablesSql(enos, dialect));
  }

  double Measure(int commits) {
    std::vector<double> times;
    for (int i = 0; i < commits; ++i) {
      KeyOperation operation;
      operation.kind = KeyOperationKind::kReserve;
      operation.attempt.key.id =
          RecordId(static_cast<uint64_t>(Clock::now().time_since_epoch().count()));
      const SqlBatch batch = batches_.Make({&operation}, Clock::now());
      const auto begin = Clock::now();
      if (database_->Run(batch).end != SqlEnd::kDone) std::abort();
      times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
  }

 private:
  std::unique_ptr<Database> database_;
  KeyBatches batches_;
};

void ServeCommits(const std::string& folder, const std::string& enos) {
  BareCommits sqlite("sqlite:" + folder + "/bare.db", enos);
  if (!enos::PostgresIsInstalled()) return;
  enos::PostgresServer server;
  BareCommits postgresql(server.url(), enos);
  std::printf("%s\n", server.url().c_str());
  std::fflush(stdout);
  constexpr int kCommits = 300;
  for (std::string line; std::getline(std::cin, line);) {
    std::printf("{\"sqlite\": %.1f, \"postgresql\": %.1f}\n", sqlite.Measure(kCommits),
                postgresql.Measure(kCommits));
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool commits = argc == 4 && std::string(argv[1]) == "--commits";
  const std::chrono::milliseconds time(
      static_cast<long>(1000 * (argc > 1 ? std::strtod(argv[1], nullptr) : 2)));
  if (argc > 2) setenv("TMPDIR", argv[2], 1);
  const enos::TempFolder folder;
  if (commits) {
    ServeCommits(folder.path(), argv[3]);
    return 0;
  }
  for (const int in_flight : {1, 64, 200})
    Load("sqlite:" + folder.path("keys.db"), in_flight, time);
  if (!enos::PostgresIsInstalled()) return 0;
  enos::PostgresServer server;
  for (const int in_flight : {1, 64, 200}) Load(server.url(), in_flight, time);
}
