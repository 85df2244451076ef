// Where opentelemetry-cpp is not installed, as on Debian 12.
#include "server/tracing/tracer.h"

namespace enos::gateway {

bool CanExportTraces() { return false; }

std::unique_ptr<Tracer> NewTracer(const TraceSettings& /*settings*/, std::string_view /*version*/,
                                  TracerEvents /*events*/) {
  return nullptr;
}

}  // namespace enos::gateway
