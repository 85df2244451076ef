#ifndef ENOS_TESTS_SOAK_KEYS_CUTTING_PROXY_H_
#define ENOS_TESTS_SOAK_KEYS_CUTTING_PROXY_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace enos::soak {

// Between gateways and their database: passes bytes on, and cuts connections at a share of the
// messages that come from a gateway. To PostgreSQL a message is a whole transaction.
class CuttingProxy {
 public:
  // Where: before the message, in the middle of it, after all of it, after the database's answer
  // to it, which is kept back; or after the gateway gave up, while the message is still to come.
  enum Cut { kBefore, kMiddle, kAfter, kAnswerLost, kLate, kCuts };
  static const char* NameOf(Cut cut);

  CuttingProxy(std::uint16_t to_port, std::uint64_t seed);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  // 0: it could not listen.
  std::uint16_t port() const { return port_; }
  // Of a thousand messages, from now on.
  void SetShare(int permille) { permille_ = permille; }
  std::uint64_t cuts(Cut cut) const { return cuts_.at(cut); }
  std::uint64_t messages() const { return messages_; }

 private:
  void Accept();
  void Serve(int client);
  bool ToServer(int client, int server, bool& in_session);
  void DoCut(Cut cut, int client, int server, const std::string& message);
  bool Draw(Cut& cut);

  const std::uint16_t to_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> ended_{false};
  std::atomic<int> permille_{0};
  std::atomic<std::uint64_t> messages_{0};
  std::array<std::atomic<std::uint64_t>, kCuts> cuts_{};
  std::mutex mutex_;
  std::mt19937_64 random_;
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};

}  // namespace enos::soak

#endif  // ENOS_TESTS_SOAK_KEYS_CUTTING_PROXY_H_
