#ifndef ENOS_SERVER_CHECK_REPORT_H_
#define ENOS_SERVER_CHECK_REPORT_H_

#include <functional>
#include <string>

#include "server/log/log.h"

namespace enos::gateway {

enum class CheckResult {
  kOk,
  kInfo,    // found out, and neither good nor bad
  kFailed,  // the gateway would not work, or not as it is set
};

// One line of --check. Texts from EnOS in it are clean (CleanUpstreamText).
struct CheckLine {
  CheckResult result = CheckResult::kOk;
  std::string check;   // what was checked: "token"
  std::string text;    // what was found
  std::string advice;  // what to do; empty where nothing is to be done
};

using Report = std::function<void(const CheckLine&)>;

// The line for people, or as a JSON object; with a line break.
std::string FormatCheckLine(const CheckLine& line, LogFormat format);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CHECK_REPORT_H_
