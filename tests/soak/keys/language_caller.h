#ifndef ENOS_TESTS_SOAK_KEYS_LANGUAGE_CALLER_H_
#define ENOS_TESTS_SOAK_KEYS_LANGUAGE_CALLER_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "enos/flow/client.h"

namespace enos::soak {

// gRPC's service config that has a library repeat calls after nearly every code, as often as any
// library does.
extern const char kEagerServiceConfig[];

// A program of callers/: makes calls, one at a time, over the gRPC library of another language,
// which has that service config. It reads lines "ADDRESS MILLISECONDS REQUEST" and answers each by
// "CODE RESPONSE" or "CODE DETAILS"; messages in base64, "-" for none.
class LanguageCaller {
 public:
  // `command`: LANGUAGE=PROGRAM.
  explicit LanguageCaller(const std::string& command);
  ~LanguageCaller();
  LanguageCaller(const LanguageCaller&) = delete;
  LanguageCaller& operator=(const LanguageCaller&) = delete;

  const std::string& language() const { return language_; }
  // From one thread at a time.
  flow::FlowResult Call(const std::string& address, const flow::FlowRequest& request,
                        std::chrono::milliseconds timeout);
  std::uint64_t calls() const { return calls_; }
  // It ended, hung, or wrote something else. Nothing more is called.
  bool broken() const { return broken_; }

  // How often a server is called that refuses the first of these calls and whatever follows.
  int AttemptsPerCall();

 private:
  void Start(const std::string& program);
  // Empty: none came in time.
  std::string ReadLine(std::chrono::milliseconds patience);

  std::string language_;
  pid_t pid_ = -1;
  int in_ = -1;   // its input
  int out_ = -1;  // its output
  std::uint64_t calls_ = 0;
  bool broken_ = false;
};

}  // namespace enos::soak

#endif  // ENOS_TESTS_SOAK_KEYS_LANGUAGE_CALLER_H_
