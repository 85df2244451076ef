// The other half of the baseline: a bare libcurl program that posts the gateway's body with the
// gateway's headers. Being its own load, it measures itself between warm-up and end, and prints
// what it found as one JSON object.

#include <curl/curl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "bench/baseline/post_loop.h"

namespace {

using enos::bench::PostLoop;
using enos::bench::PostOptions;
using enos::bench::PostResult;

// User and system time of the whole process, in seconds.
double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

bool ReadFile(const std::string& path, std::string& text) {
  std::ifstream file(path, std::ios::binary);
  text.assign(std::istreambuf_iterator<char>(file), {});
  return file.good() || (file.eof() && !text.empty());
}

// The nearest-rank percentile of sorted values; `rank` in (0, 1].
int64_t Percentile(const std::vector<int64_t>& sorted, double rank) {
  if (sorted.empty()) return 0;
  const auto index = static_cast<std::size_t>(rank * static_cast<double>(sorted.size()));
  return sorted[std::min(index, sorted.size() - 1)];
}

// A number of /proc/self/status. Not getrusage's ru_maxrss, which begins with the parent's size.
long OfStatus(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    long value = 0;
    if (word == name && status >> value) return value;
  }
  return 0;
}

void Print(PostResult result, double wall_seconds, double cpu_seconds) {
  std::sort(result.latency_us.begin(), result.latency_us.end());
  std::printf(
      "{\"answered\":%zu,\"failed\":%zu,\"wall_seconds\":%.6f,\"cpu_seconds\":%.6f,"
      "\"p50_us\":%lld,\"p90_us\":%lld,\"p99_us\":%lld,\"p999_us\":%lld,\"peak_kib\":%ld,"
      "\"threads\":%ld}\n",
      result.answered, result.failed, wall_seconds, cpu_seconds,
      static_cast<long long>(Percentile(result.latency_us, 0.5)),
      static_cast<long long>(Percentile(result.latency_us, 0.9)),
      static_cast<long long>(Percentile(result.latency_us, 0.99)),
      static_cast<long long>(Percentile(result.latency_us, 0.999)), OfStatus("VmHWM:"),
      OfStatus("Threads:"));
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("The baseline, other half: posts the same body again and again with bare libcurl.");
  PostOptions options;
  std::string body_file;
  std::size_t calls = 1000;
  std::size_t warm_up = 0;
  app.add_option("--url", options.url, "Where to post")->required();
  app.add_option("--body_file", body_file, "What to post")->required();
  app.add_option("--header", options.headers, "A header, as \"Name: value\"; repeatable")
      ->take_all();
  app.add_option("--ca_file", options.ca_file, "CA certificates (PEM)");
  app.add_flag("--http2", options.http2, "HTTP/2 over one connection; needs an https URL");
  app.add_option("--in_flight", options.in_flight, "Calls, and so connections, at once");
  app.add_option("--calls", calls, "Calls to measure");
  app.add_option("--warm_up", warm_up, "Calls before them that do not count");
  CLI11_PARSE(app, argc, argv);
  if (!ReadFile(body_file, options.body)) {
    std::fprintf(stderr, "baseline-post: cannot read %s\n", body_file.c_str());
    return 1;
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return 1;
  PostLoop loop(std::move(options));
  const bool warm = loop.Run(warm_up).failed == 0;
  const double cpu_before = CpuSeconds();
  const auto began = std::chrono::steady_clock::now();
  PostResult result = loop.Run(calls);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began;
  const bool all_well = warm && result.failed == 0;
  Print(std::move(result), wall.count(), CpuSeconds() - cpu_before);
  return all_well ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "baseline-post: %s\n", error.what());
  return 1;
}
