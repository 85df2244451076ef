#include "server/log/grpc_log.h"

#include <grpc/support/log.h>

#include <cstdlib>
#include <string_view>

#include "server/log/log.h"

namespace enos::gateway {
namespace {

std::string_view SeverityName(gpr_log_severity severity) {
  switch (severity) {
    case GPR_LOG_SEVERITY_DEBUG:
      return "debug";
    case GPR_LOG_SEVERITY_INFO:
      return "info";
    case GPR_LOG_SEVERITY_ERROR:
      return "error";
  }
  return "unknown";
}

std::string_view FileName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

void Forward(gpr_log_func_args* args) {
  if (!LogEnabled(LogLevel::kDebug)) return;
  Log(LogLevel::kDebug, "grpc",
      {{"severity", SeverityName(args->severity)},
       {"file", FileName(args->file)},
       {"line", args->line},
       {"message", args->message}});
}

}  // namespace

void InstallGrpcLog() {
  ::unsetenv("GRPC_TRACE");  // NOLINT(concurrency-mt-unsafe): before the first thread
  gpr_set_log_function(&Forward);
}

}  // namespace enos::gateway
