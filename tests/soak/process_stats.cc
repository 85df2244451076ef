#include "tests/soak/process_stats.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace enos::soak {
namespace {

namespace fs = std::filesystem;

// The inodes of the process's IPv4 sockets that are connected to that port; see proc(5).
std::set<std::string> SocketsTo(const std::string& proc, std::uint16_t port) {
  const std::string peer = absl::StrFormat("0100007F:%04X", port);
  std::set<std::string> inodes;
  std::ifstream table(proc + "/net/tcp");
  std::string line;
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string number, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> number >> local >> remote >> state >> queues >> timer >> retransmits >> uid >>
        timeout >> inode;
    if (remote == peer) inodes.insert(absl::StrCat("socket:[", inode, "]"));
  }
  return inodes;
}

void CountDescriptors(const std::string& proc, std::uint16_t port, ProcessStats& stats) {
  const std::set<std::string> upstream = SocketsTo(proc, port);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(proc + "/fd", error)) {
    ++stats.descriptors;
    std::error_code gone;
    if (upstream.count(fs::read_symlink(entry.path(), gone).string()) != 0) ++stats.to_port;
  }
}

}  // namespace

std::optional<ProcessStats> ReadProcess(const Process& process, std::uint16_t port) {
  ProcessStats stats;
  stats.rss_kb = process.rss_kb();
  stats.threads = process.threads();
  if (stats.threads == 0) return std::nullopt;
  CountDescriptors(absl::StrCat("/proc/", process.pid()), port, stats);
  return stats;
}

}  // namespace enos::soak
