#ifndef ENOS_TESTS_WIRE_SUPPORT_FAULT_ROWS_H_
#define ENOS_TESTS_WIRE_SUPPORT_FAULT_ROWS_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/http/handler.h"

namespace enos::gateway::testing {

// What EnOS does with a call that reached it, and what the caller is to be told.
struct FaultRow {
  std::string name;
  sandbox::Answer answer;
  std::string told;         // see Summary
  std::uint64_t calls = 1;  // that EnOS receives for it
  sandbox::HeadDecision::Kind at_head = sandbox::HeadDecision::Kind::kReadOn;
  std::size_t parameter_bytes = 0;
  // --upstream_timeout. Not the RPC's deadline: then the caller's library may be the faster one.
  std::chrono::milliseconds timeout = std::chrono::seconds(30);
};

// The connection breaks, or no answer comes in time.
std::vector<FaultRow> WireFaults();
// HTTP statuses with and without a JSON body that has no result code.
std::vector<FaultRow> HttpStatusRows();
// Result codes in JSON, under HTTP 200 and under others.
std::vector<FaultRow> ResultCodeRows();
// Complete HTTP answers that make no sense.
std::vector<FaultRow> MalformedRows();

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_FAULT_ROWS_H_
